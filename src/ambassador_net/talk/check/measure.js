// What a browser knows of a deck: evaluated in the page, it gives an object with
// wait(), begin(), show(number), measure(number) and axeRun(rules). Nothing of the deck is changed, apart from turning slides.
(() => {
  "use strict";

  // less than this, in pixels of a slide 1280 wide, nobody sees
  const HAIRLINE = 1.5;
  const PICTURES = "img, canvas, video, iframe, object, embed, svg";
  const SKIPPED = "aside.notes, script, style, noscript, template, title, desc, metadata, select, .katex-mathml, mjx-assistive-mml";
  // set by typesetters with boxes that overlap on purpose: measured as one block
  const SET_AS_ONE = ".katex, mjx-container, .MathJax, .MathJax_SVG, math";
  const SVG = "http://www.w3.org/2000/svg";

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    "*, *::before, *::after { transition: none !important; animation-duration: 0s !important;" +
      " animation-delay: 0s !important; }"
  );
  // what is under a text is found by pointing at it, so everything can be pointed at while measuring
  const pointable = new CSSStyleSheet();
  pointable.replaceSync("* { pointer-events: auto !important; }");

  const api = () => (window.Reveal && typeof Reveal.slide === "function" ? Reveal : null);
  const started = () =>
    Boolean((window.Reveal?.isReady?.() ?? false) || document.querySelector(".reveal.ready"));

  function leaves() {
    const top = [...document.querySelectorAll(".reveal .slides > section")];
    if (!top.length) {
      const all = [...document.querySelectorAll(".reveal .slides section")];
      return all.filter((section) => !section.querySelector("section"));
    }
    return top.flatMap((section) => {
      const inner = [...section.children].filter((child) => child.localName === "section");
      return inner.length ? inner : [section];
    });
  }

  let slides = [];

  // ---- names of elements ---------------------------------------------------------------------------------

  const squeezed = (text) => text.replace(/\s+/g, " ").trim();

  function named(element) {
    const id = element.id ? `#${element.id}` : "";
    const first = element.classList?.[0];
    return { element: `${element.localName}${id || (first ? `.${first}` : "")}`, text: squeezed(element.textContent) };
  }

  // ---- geometry ------------------------------------------------------------------------------------------

  const isDrawn = (element) => element.namespaceURI === SVG && !(element.localName === "svg" && !element.ownerSVGElement);

  function matrixOf(element) {
    let matrix = new DOMMatrix();
    for (let e = element; e; e = e.parentElement) {
      if (isDrawn(e) && e.getScreenCTM) {
        const drawn = e.getScreenCTM();
        return drawn ? DOMMatrix.fromMatrix(drawn).multiply(matrix) : matrix;
      }
      const style = getComputedStyle(e);
      let own = new DOMMatrix();
      if (style.scale && style.scale !== "none") {
        const [x, y = x] = style.scale.split(" ").map(Number);
        own = own.scale(x, y);
      }
      if (style.rotate && /^-?[\d.]+deg$/.test(style.rotate)) own = own.rotate(parseFloat(style.rotate));
      if (style.transform && style.transform !== "none") own = own.multiply(new DOMMatrix(style.transform));
      const zoom = Number(style.zoom) || 1;
      matrix = own.scale(zoom).multiply(matrix);
    }
    return matrix;
  }

  function stretchOf(element) {
    const m = matrixOf(element);
    const turned = Math.abs(m.b) > 1e-3 * Math.abs(m.a) || Math.abs(m.c) > 1e-3 * Math.abs(m.d);
    const quarter = turned && Math.abs(m.a) < 1e-3 * Math.abs(m.b) && Math.abs(m.d) < 1e-3 * Math.abs(m.c);
    return { scale: Math.sqrt(Math.abs(m.a * m.d - m.b * m.c)), turned, tilted: turned && !quarter };
  }

  const box = (r) => ({ left: r.left, top: r.top, right: r.right, bottom: r.bottom });
  const common = (a, b) => ({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  const width = (r) => r.right - r.left;
  const height = (r) => r.bottom - r.top;
  const beyond = (r, limit, x = true, y = true) =>
    Math.max(
      x ? limit.left - r.left : 0,
      x ? r.right - limit.right : 0,
      y ? limit.top - r.top : 0,
      y ? r.bottom - limit.bottom : 0
    );

  function seen(element) {
    return element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  }

  // hidden from eyes and kept for screen readers, as the usual classes do it
  function forReadersOnly(element, section) {
    for (let e = element; e && e !== section; e = e.parentElement) {
      if (e.namespaceURI === SVG) continue;
      const style = getComputedStyle(e);
      if (/^rect\((0|1)px,? ?\1px,? ?\1px,? ?\1px\)$/.test(style.clip)) return true;
      if (/^inset\((50|100)%/.test(style.clipPath)) return true;
      const r = e.getBoundingClientRect();
      const clips = style.overflowX !== "visible" || style.overflowY !== "visible";
      if (clips && style.display !== "inline" && (r.width <= 2 || r.height <= 2)) return true;
    }
    return false;
  }

  // ---- texts and pictures of a slide ---------------------------------------------------------------------

  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  function blockOf(element, section) {
    const whole = element.closest(SET_AS_ONE);
    if (whole && section.contains(whole)) return whole;
    const label = element.closest("text");
    if (label?.namespaceURI === SVG) return label;
    let e = element;
    while (e !== section && /^(inline|contents|ruby)/.test(getComputedStyle(e).display)) {
      if (/^inline-(block|flex|grid|table)$/.test(getComputedStyle(e).display)) break;
      e = e.parentElement;
    }
    return e;
  }

  // a line's box holds the font's tallest letters; what the eye sees is the ink of these letters
  function inked(rect, node, style, stretch) {
    if (stretch.turned) return box(rect);
    pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const m = pen.measureText(squeezed(node.data));
    const unit = height(rect) / (m.fontBoundingBoxAscent + m.fontBoundingBoxDescent || 1);
    return {
      left: rect.left,
      right: rect.right,
      top: rect.top + Math.max(0, m.fontBoundingBoxAscent - m.actualBoundingBoxAscent) * unit,
      bottom: rect.bottom - Math.max(0, m.fontBoundingBoxDescent - m.actualBoundingBoxDescent) * unit,
    };
  }

  function textsOf(section) {
    const found = [];
    const walker = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    const far = section.getBoundingClientRect().left - 1000;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!node.data.trim() || parent.closest(SKIPPED) || !seen(parent)) continue;
      // code that is told in steps is there once a step, the last one on top
      if (parent.closest("code")?.matches(":has(~ code.fragment.visible)")) continue;
      range.selectNodeContents(node);
      const rects = [...range.getClientRects()].filter((r) => r.width > 0.5 && r.height > 0.5);
      if (!rects.length || rects.every((r) => r.right < far) || forReadersOnly(parent, section)) continue;
      const style = getComputedStyle(parent);
      const stretch = stretchOf(parent);
      found.push({
        node,
        parent,
        style,
        block: blockOf(parent, section),
        size: parseFloat(style.fontSize) * stretch.scale,
        tilted: stretch.tilted,
        rects: rects.map((r) => inked(r, node, style, stretch)),
      });
    }
    return found;
  }

  function picturesOf(section) {
    return [...section.querySelectorAll(PICTURES)].filter((e) => {
      if (e.closest("aside.notes") || (e.localName === "svg" && e.parentElement.closest("svg"))) return false;
      if (!seen(e) || e.closest(SET_AS_ONE)) return false;
      const r = e.getBoundingClientRect();
      return r.width > 0.5 && r.height > 0.5 && !forReadersOnly(e, section);
    });
  }

  // ---- colours -------------------------------------------------------------------------------------------

  const known = new Map();
  function colour(css) {
    if (!known.has(css)) {
      pen.canvas.width = pen.canvas.height = 1;
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = "#000";
      pen.fillStyle = css;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
      known.set(css, { rgb: [r, g, b], alpha: a / 255 });
    }
    return known.get(css);
  }

  const over = (top, alpha, under) => top.map((v, i) => v * alpha + under[i] * (1 - alpha));

  function luminance(rgb) {
    const [r, g, b] = rgb.map((v) => {
      const s = v / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function ratio(a, b) {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  }

  function opacityOf(element) {
    let product = 1;
    for (let e = element; e; e = e.parentElement) product *= Number(getComputedStyle(e).opacity);
    return product;
  }

  // one element's paint at a point: null if none, "picture" if it cannot be told
  function paintAt(element, x, y, fontSize) {
    const name = element.localName;
    const opacity = opacityOf(element);
    // slides before and after the present one lie there unseen
    if (opacity < 0.005) return null;
    if (["img", "canvas", "video", "iframe", "object", "embed", "image", "foreignObject"].includes(name)) {
      return name === "foreignObject" ? null : "picture";
    }
    const style = getComputedStyle(element);
    if (isDrawn(element)) {
      if (["text", "tspan", "textPath", "svg", "g"].includes(name)) return null;
      const shape = element;
      let inFill = true;
      let inStroke = false;
      if (shape.isPointInFill && shape.getScreenCTM()) {
        const at = new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse());
        inFill = shape.isPointInFill(at);
        inStroke = shape.isPointInStroke(at);
      }
      const wide = parseFloat(style.strokeWidth) * stretchOf(shape).scale > fontSize / 2;
      for (const [hit, paint, alpha] of [
        [inStroke && wide, style.stroke, style.strokeOpacity],
        [inFill, style.fill, style.fillOpacity],
      ]) {
        if (!hit || paint === "none") continue;
        if (paint.includes("url(")) return "picture";
        const c = colour(paint);
        return { rgb: c.rgb, alpha: c.alpha * Number(alpha) * opacity };
      }
      return null;
    }
    const c = colour(style.backgroundColor);
    if (style.backgroundImage !== "none") return "picture";
    return c.alpha > 0 ? { rgb: c.rgb, alpha: c.alpha * opacity } : null;
  }

  const halo = (text) => {
    const style = text.style;
    const outlined = text.parent.namespaceURI === SVG && style.paintOrder.startsWith("stroke");
    return outlined && style.stroke !== "none" && parseFloat(style.strokeWidth) >= 3 ? colour(style.stroke) : null;
  };

  function layersAt(text, x, y) {
    const inside = x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
    const stack = inside ? document.elementsFromPoint(x, y) : [];
    const at = stack.indexOf(text.parent);
    if (at >= 0) return { above: stack.slice(0, at), below: stack.slice(at) };
    const ancestors = [];
    for (let e = text.parent; e; e = e.parentElement) ancestors.push(e);
    return { above: [], below: ancestors };
  }

  function groundAt(text, below, x, y) {
    const around = halo(text);
    if (around && around.alpha > 0.99) return around.rgb;
    const layers = [];
    for (const element of below) {
      const paint = paintAt(element, x, y, text.size);
      if (paint === "picture") return null;
      if (!paint) continue;
      layers.push(paint);
      if (paint.alpha > 0.995) break;
    }
    return layers.reverse().reduce((under, layer) => over(layer.rgb, layer.alpha, under), [255, 255, 255]);
  }

  function inkOf(text) {
    const drawn = text.parent.namespaceURI === SVG;
    const paint = drawn ? text.style.fill : text.style.webkitTextFillColor || text.style.color;
    if (paint.includes("url(") || /text/.test(text.style.backgroundClip)) return null;
    for (let e = text.parent; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.mixBlendMode !== "normal" || style.filter !== "none") return null;
    }
    const c = colour(paint === "none" ? "transparent" : paint);
    return { rgb: c.rgb, alpha: c.alpha * opacityOf(text.parent) * (drawn ? Number(text.style.fillOpacity) : 1) };
  }

  // ---- the checks ----------------------------------------------------------------------------------------

  function contrast(texts, limit, say) {
    // a paragraph in many pieces is one fault
    const told = new Set();
    const tell = (text, kind, values, weight) => {
      const key = JSON.stringify([blockNumber(text.block), kind, values]);
      if (told.has(key)) return;
      told.add(key);
      say("contrast", kind, text.parent, values, weight);
    };
    for (const text of texts) {
      const ink = inkOf(text);
      let worst = Infinity;
      let unknown = ink === null;
      for (const r of unknown ? [] : text.rects.slice(0, 8)) {
        for (const share of [0.1, 0.5, 0.9]) {
          const x = r.left + width(r) * share;
          const y = (r.top + r.bottom) / 2;
          if (x < limit.left || x > limit.right || y < limit.top || y > limit.bottom) continue;
          const ground = groundAt(text, layersAt(text, x, y).below, x, y);
          if (ground === null) unknown = true;
          else worst = Math.min(worst, ratio(over(ink.rgb, ink.alpha, ground), ground));
        }
      }
      const large = text.size >= 24 || (text.size >= 18.66 && Number(text.style.fontWeight) >= 700);
      const needed = large ? 3 : 4.5;
      if (worst < needed - 0.005) {
        // rounded down: 4.496 is not 4.5
        tell(text, "low", { ratio: Math.floor(worst * 100) / 100, needed }, "fault");
      } else if (unknown) tell(text, "over_picture", {}, "cannot_tell");
    }
  }

  function textSize(texts, least, say) {
    const sets = new Map();
    for (const text of texts) {
      const formula = text.parent.closest(SET_AS_ONE);
      const told = sets.get(text.block) ?? { element: formula ?? text.parent, size: text.size };
      // in a formula indices are smaller: its largest letters count
      if (formula ? text.size > told.size : text.size < told.size) {
        Object.assign(told, { size: text.size, element: formula ?? text.parent });
      }
      sets.set(text.block, told);
    }
    for (const { element, size } of sets.values()) {
      if (size < least - 0.1) say("text_size", "small", element, { size: Math.round(size * 10) / 10 });
    }
  }

  const clips = (style) => [style.overflowX !== "visible", style.overflowY !== "visible"];

  const blocks = new WeakMap();
  let lastBlock = 0;
  function blockNumber(block) {
    if (!blocks.has(block)) blocks.set(block, (lastBlock += 1));
    return blocks.get(block);
  }

  // what cuts a piece of content off, and by how much; `holder` is the first that may
  function cutBy(holder, position, rect, section, unit) {
    let escapes = false;
    for (let up = holder; up && up !== section; position = getComputedStyle(up).position, up = up.parentElement) {
      if (position === "fixed") return null;
      if (isDrawn(up)) continue;
      const style = getComputedStyle(up);
      if (position === "absolute") escapes = true;
      if (escapes && (style.position !== "static" || style.transform !== "none")) escapes = false;
      const [x, y] = clips(style);
      if (escapes || !(x || y) || (style.display === "inline" && up.namespaceURI !== SVG)) continue;
      const r = up.getBoundingClientRect();
      const edge = {
        left: r.left + parseFloat(style.borderLeftWidth) * unit,
        right: r.right - parseFloat(style.borderRightWidth) * unit,
        top: r.top + parseFloat(style.borderTopWidth) * unit,
        bottom: r.bottom - parseFloat(style.borderBottomWidth) * unit,
      };
      const out = beyond(rect, edge, x, y);
      if (out > HAIRLINE * unit) return { by: up, out };
    }
    return null;
  }

  function overflow(texts, pictures, section, limit, unit, say) {
    const told = new Set();
    const cutters = new Map();
    const look = (owner, holder, position, r) => {
      if (told.has(owner)) return;
      const cut = cutBy(holder, position, r, section, unit);
      if (cut) {
        // what one box hides is one fault, however long it is
        const first = cutters.get(cut.by) ?? { owner, out: 0 };
        cutters.set(cut.by, { owner: first.owner, out: Math.max(first.out, cut.out) });
        return;
      }
      const out = beyond(r, limit);
      if (out <= HAIRLINE * unit) return;
      told.add(owner);
      say("overflow", "outside", owner, { px: Math.round(out / unit) });
    };
    for (const picture of pictures) {
      const r = box(picture.getBoundingClientRect());
      look(picture, picture.parentElement, getComputedStyle(picture).position, r);
    }
    for (const text of texts) {
      const drawing = text.parent.closest("svg");
      if (drawing && told.has(drawing)) continue;
      for (const r of text.rects) look(text.block, text.parent, "static", r);
    }
    for (const [by, { owner, out }] of cutters) {
      say("overflow", "cut", owner, { px: Math.round(out / unit), by: named(by).element });
    }
  }

  // a drawing's frame is mostly air: what counts is whether something is drawn where both are
  function drawnWithin(drawing, r) {
    for (let i = 0; i <= 12; i += 1) {
      for (let j = 0; j <= 6; j += 1) {
        const x = r.left + (width(r) * i) / 12;
        const y = r.top + (height(r) * j) / 6;
        const hit = document.elementsFromPoint(x, y).some((e) => e !== drawing && drawing.contains(e) && isDrawn(e));
        if (hit) return true;
      }
    }
    return false;
  }

  function overlap(texts, pictures, unit, say) {
    const pieces = [
      ...texts.flatMap((t) => (t.tilted ? [] : t.rects.map((r) => ({ owner: t.block, r, drawing: t.parent.closest("svg") })))),
      ...pictures.map((p) => ({ owner: p, r: box(p.getBoundingClientRect()), picture: p })),
    ];
    const told = new Map();
    const tell = (later, earlier) => {
      if (told.get(later)?.has(earlier) || told.get(earlier)?.has(later)) return;
      told.set(later, (told.get(later) ?? new Set()).add(earlier));
      say("overlap", "overlap", later, { other: named(earlier) });
    };
    for (let i = 0; i < pieces.length; i += 1) {
      for (let j = i + 1; j < pieces.length; j += 1) {
        const [a, b] = [pieces[i], pieces[j]];
        if (a.owner === b.owner) continue;
        const r = common(a.r, b.r);
        if (width(r) <= HAIRLINE * unit || height(r) <= HAIRLINE * unit) continue;
        // a drawing's own labels lie on it; things in one stack lie on each other on purpose
        if (a.drawing && a.drawing === b.picture) continue;
        if (b.drawing && b.drawing === a.picture) continue;
        const stack = a.owner.closest(".r-stack");
        if (stack && stack === b.owner.closest(".r-stack")) continue;
        if (a.picture?.localName === "svg" && !drawnWithin(a.picture, r)) continue;
        if (b.picture?.localName === "svg" && !drawnWithin(b.picture, r)) continue;
        tell(b.owner, a.owner);
      }
    }
    return tell;
  }

  // something opaque lies on the text
  function covered(texts, section, tell) {
    for (const text of texts) {
      for (const r of text.rects.slice(0, 4)) {
        const [x, y] = [(r.left + r.right) / 2, (r.top + r.bottom) / 2];
        const { above } = layersAt(text, x, y);
        const lid = above.find((e) => {
          if (!section.contains(e) || text.parent.contains(e) || e.contains(text.parent)) return false;
          const paint = paintAt(e, x, y, Infinity);
          return paint === "picture" || (paint && paint.alpha > 0.5);
        });
        if (lid) tell(text.block, isDrawn(lid) && !lid.closest("svg").contains(text.parent) ? lid.closest("svg") : lid);
      }
    }
  }

  const STAND_IN = /no description has been provided for this image/i;
  const FILE_NAME = /^\S+\.(png|jpe?g|gif|svg|webp|avif|bmp)$/i;
  const hiddenFromReaders = (e) => Boolean(e.closest("[aria-hidden=true]") || e.matches("[role=presentation], [role=none]"));

  function labelOf(element) {
    const by = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
    const referred = by.map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
    return squeezed(referred || element.getAttribute("aria-label") || "");
  }

  function described(element) {
    const label = labelOf(element);
    if (element.localName === "img") return label || squeezed(element.getAttribute("alt") ?? "");
    if (element.localName === "svg") {
      const title = [...element.children].find((child) => child.localName === "title");
      const role = element.getAttribute("role");
      return ["img", "graphics-document", "figure"].includes(role) ? label || squeezed(title?.textContent ?? "") : "";
    }
    if (element.localName === "canvas") return label || squeezed(element.textContent);
    return label || squeezed(element.getAttribute("title") ?? element.textContent);
  }

  function alt(section, say) {
    const pictures = [...section.querySelectorAll(PICTURES)].filter(
      (e) => !e.closest("aside.notes") && !(e.localName === "svg" && e.parentElement.closest("svg"))
    );
    for (const picture of pictures) {
      if (hiddenFromReaders(picture)) continue;
      // a picture in something that has a name of its own needs none
      const whole = picture.parentElement.closest("[role=img], a, button");
      const text = (whole && section.contains(whole) && labelOf(whole)) || described(picture);
      if (!text) say("alt", "no_alt", picture, {});
      else if (STAND_IN.test(text)) say("alt", "stand_in", picture, {});
      else if (FILE_NAME.test(text)) say("alt", "file_name", picture, {});
    }
    return pictures.length;
  }

  function headings(section, say) {
    const found = [...section.querySelectorAll("h1, h2")].filter((e) => {
      if (e.closest("aside.notes") || !e.checkVisibility({ checkVisibilityCSS: true })) return false;
      const picture = e.querySelector("img, svg");
      return squeezed(e.textContent) || labelOf(e) || (picture && described(picture));
    });
    if (!found.length) say("headings", "no_heading", section, {});
    else if (found.length > 1) say("headings", "many_headings", found[1], { n: found.length });
  }

  function notes(section, say) {
    const asides = [...section.querySelectorAll("aside.notes")];
    for (const aside of asides) if (seen(aside) && aside.getBoundingClientRect().height > 0) say("notes", "notes_seen", aside, {});
    const said = squeezed((section.getAttribute("data-notes") ?? "") + asides.map((a) => a.textContent).join(" "));
    if (!said) say("notes", "no_notes", section, {}, "remark");
  }

  function figuresOf(pictures, limit) {
    const least = 0.02 * width(limit) * height(limit);
    return pictures.filter((e) => {
      const r = e.getBoundingClientRect();
      const decoration = hiddenFromReaders(e) || e.getAttribute("alt") === "";
      return r.width * r.height >= least && !decoration;
    });
  }

  function words(texts) {
    const blocks = new Map();
    for (const text of texts) blocks.set(text.block, (blocks.get(text.block) ?? "") + text.node.data);
    return [...blocks.values()].map(squeezed).join(" ");
  }

  // ---- the door ------------------------------------------------------------------------------------------

  const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const atMost = (ms, promise) => Promise.race([promise, new Promise((done) => setTimeout(done, ms))]);

  return {
    // asked for here, not by the driver: a deck's own policy may forbid what a driver does to wait
    async wait(starting, absent) {
      const patience = window.Reveal ? starting : absent;
      for (const begun = performance.now(); !started() && performance.now() - begun < patience; ) {
        await new Promise((done) => setTimeout(done, 20));
      }
    },

    begin() {
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
      const running = started();
      if (running && api()?.configure) {
        api().configure({ transition: "none", backgroundTransition: "none", autoAnimate: false, autoSlide: 0 });
      }
      slides = leaves();
      const hints = [...document.querySelectorAll("link[rel~=preconnect], link[rel~=dns-prefetch]")];
      const timing = slides.map((s) => Number(s.dataset.timing)).filter((n) => n > 0);
      return {
        started: running,
        slides: slides.length,
        language: document.documentElement.getAttribute("lang") ?? "",
        hints: hints.map((link) => link.href).filter((address) => !address.startsWith("data:")),
        seconds: timing.length ? timing.reduce((a, b) => a + b, 0) : null,
      };
    },

    async show(number) {
      const section = slides[number];
      const reveal = api();
      if (!started()) section.scrollIntoView();
      else if (reveal) {
        const { h, v } = reveal.getIndices(section);
        reveal.slide(h, v, 99);
      } else {
        // reveal that is nobody's global still follows the address
        const top = section.parentElement.matches(".slides") ? section : section.parentElement;
        const h = [...top.parentElement.children].filter((e) => e.localName === "section").indexOf(top);
        const v = top === section ? 0 : [...top.children].filter((e) => e.localName === "section").indexOf(section);
        location.hash = `#/${h}/${v}`;
        await frame();
        for (const fragment of section.querySelectorAll(".fragment")) fragment.classList.add("visible");
      }
      await atMost(1000, frame());
      const loading = [...section.querySelectorAll("img")].filter((img) => img.src && !img.complete);
      const loaded = loading.map((img) => new Promise((done) => {
        for (const end of ["load", "error"]) img.addEventListener(end, done, { once: true });
      }));
      await atMost(3000, Promise.all([document.fonts.ready, ...loaded]));
      // what stands at a place of its own leaves its slide without a height
      return section.checkVisibility() && (!started() || section.classList.contains("present"));
    },

    measure(number, least) {
      const section = slides[number];
      const found = [];
      const say = (check, kind, element, values, weight = "fault") =>
        found.push({ check, kind, weight, ...named(element), values });
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, pointable];
      try {
        const running = started();
        const frameBox = document.querySelector(".reveal .slides").getBoundingClientRect();
        const own = box(section.getBoundingClientRect());
        let limit = running ? box(frameBox) : own;
        if (running && clips(getComputedStyle(section)).some(Boolean)) limit = common(limit, own);
        const unit = running ? stretchOf(section).scale || 1 : 1;
        const texts = textsOf(section);
        const pictures = picturesOf(section);
        if (running) {
          overflow(texts, pictures, section, limit, unit, say);
          covered(texts, section, overlap(texts, pictures, unit, say));
        }
        contrast(texts, limit, say);
        textSize(texts, least, say);
        const described = alt(section, say);
        headings(section, say);
        notes(section, say);
        for (const img of section.querySelectorAll("img")) {
          if (img.complete && !img.naturalWidth && !img.closest("aside.notes")) say("starts", "broken_picture", img, {});
        }
        return {
          problems: found,
          texts: texts.length,
          blocks: new Set(texts.map((t) => t.block)).size + pictures.length,
          pictures: described,
          figures: figuresOf(pictures, running ? limit : { left: 0, top: 0, right: 1280, bottom: 720 }).map(named),
          words: words(texts),
        };
      } finally {
        document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== pointable);
      }
    },

    async axeRun(rules) {
      const result = await axe.run(document, {
        runOnly: { type: "tag", values: rules },
        resultTypes: ["violations"],
        preload: false, // stylesheets from elsewhere are not fetched again
      });
      return result.violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target }) => {
          const path = [].concat(...target).join(" ");
          let element = null;
          try {
            element = document.querySelector(path);
          } catch {
            // a target inside a frame is no selector here
          }
          return { rule: id, path, ...(element ? named(element) : { element: path, text: "" }) };
        })
      );
    },
  };
})()
