// What all parts draw with: elements, marks, axes, tables. Text is set with textContent only.

const SVG = "http://www.w3.org/2000/svg";
export const SIDES = ["person", "organisation"];

export function html(tag, className, text, attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text != null) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

export function svg(tag, attributes = {}, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text != null) element.textContent = text;
  return element;
}

export function picture(width, height, label) {
  const attributes = { viewBox: `0 0 ${width} ${height}`, width, height };
  // a picture without a label stands beside the words that say the same
  return svg("svg", { ...attributes, ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" }) });
}

// People are discs, organisations squares, in every size; outlined where they only give context or do not share.
export function mark(side, x, y, size, className = side) {
  return svg("path", { d: outline(side, x, y, size), class: className });
}

// As text, so that many marks of one kind are one element.
export function outline(side, x, y, size) {
  const r = size / 2;
  const s = size * 0.9;
  return side === "person"
    ? `M${x - r} ${y}a${r} ${r} 0 1 0 ${size} 0a${r} ${r} 0 1 0 ${-size} 0z`
    : `M${x - s / 2} ${y - s / 2}h${s}v${s}h${-s}z`;
}

// A pair: the one who shares is filled, the other outlined, dashed where it was not observed; both ways they touch.
const SHARES = {
  mutual: SIDES,
  person_only: ["person"],
  organisation_only: ["organisation"],
  person_only_other_side_unknown: ["person"],
  organisation_only_other_side_unknown: ["organisation"],
  both_seen_one_side_unknown: SIDES,
};

export function pairs(drawn, states) {
  const outlines = new Map();
  for (const [state, x, y] of states) {
    const other = state.endsWith("unknown") ? "unobserved" : "still";
    const apart = state === "mutual" ? 5.5 : 7.5;
    SIDES.forEach((side, i) => {
      const className = SHARES[state].includes(side) ? side : `${side} ${other}`;
      outlines.set(className, (outlines.get(className) ?? "") + outline(side, x + (i ? apart : -apart), y, 11));
    });
  }
  for (const [className, d] of outlines) drawn.append(svg("path", { d, class: className }));
  return drawn;
}

// The end of an axis and its step: 1, 2 or 5 times a power of ten, with two to five steps.
export function axis(largest) {
  const power = 10 ** Math.floor(Math.log10(largest || 1));
  const step = [0.2, 0.5, 1, 2].map((s) => s * power).find((s) => largest / s <= 5) ?? 2 * power;
  return { step, end: Math.max(1, Math.ceil(largest / step - 1e-9)) * step };
}

export function ticks(drawn, { step, end }, x, y, number) {
  for (let i = 0; i * step <= end * 1.000001; i += 1) {
    drawn.append(svg("line", { x1: x(i * step), x2: x(i * step), y1: y, y2: y + 6, class: "tick" }));
    drawn.append(svg("text", { x: x(i * step), y: y + 24, "text-anchor": "middle", class: "small" }, number(i * step)));
  }
}

export function verdictPicture(answer) {
  const drawn = picture(44, 44);
  const shape = {
    supported: [svg("circle", { cx: 22, cy: 22, r: 20, class: "ink" }), svg("path", { d: "M12 23l7 7 13-15", class: "stroke paper" })],
    not_supported: [svg("circle", { cx: 22, cy: 22, r: 19, class: "stroke" }), svg("path", { d: "M15 15l14 14M29 15L15 29", class: "stroke" })],
    cannot_tell: [
      svg("circle", { cx: 22, cy: 22, r: 19, class: "stroke dashed" }),
      svg("text", { x: 22, y: 30, "text-anchor": "middle", class: "question" }, "?"),
    ],
  }[answer];
  drawn.append(...shape);
  return drawn;
}

// Rows of a label, which may have a picture before it, and cells.
export function table(className, heads, rows) {
  const element = html("table", className);
  const head = html("tr");
  heads.forEach((text) => head.append(html("th", "", text, { scope: "col" })));
  element.append(html("thead"), html("tbody"));
  element.firstChild.append(head);
  for (const [drawn, label, ...cells] of rows) {
    const row = html("tr");
    const name = html("th", "", drawn ? null : label, { scope: "row" });
    if (drawn) {
      const line = html("span", "named");
      line.append(drawn, html("span", "", label));
      name.append(line);
    }
    row.append(name, ...cells.map((cell) => html("td", "", cell)));
    element.lastChild.append(row);
  }
  return element;
}

export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
