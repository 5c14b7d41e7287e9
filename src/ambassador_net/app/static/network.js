// The share network: a canvas to tap, a list for every node, and tables that say the same. Python has laid it out.

import { filled, html, table } from "./draw.js";

const SIDE = 1000;
// half of a target of 48 pixels
const REACH = 24;
const MOST_ROWS = 8;
const ROWS_A_FRAME = 12;
const TOKENS = ["paper", "ink", "people", "organisation", "chance", "outside", "hair"];

export function network(demo) {
  const { houses, nodes, edges, persons, left_out: leftOut } = demo.shown.network;
  const neighbours = nodes.map(() => []);
  edges.forEach(([i, j, given, back]) => {
    neighbours[i].push({ node: j, given, back, both: given > 0 && back > 0 });
    neighbours[j].push({ node: i, given: back, back: given, both: given > 0 && back > 0 });
  });
  for (const list of neighbours) list.sort((a, b) => b.both - a.both || b.given + b.back - a.given - a.back || a.node - b.node);

  const id = `${demo.id}-network`;
  const section = html("section", "network");
  const heading = html("h2");
  const hint = html("p", "hint");
  const canvas = html("canvas", "", null, { role: "img" });
  const label = html("label", "", null, { for: id });
  const row = html("div", "chooser");
  const previous = html("button", "step", "‹", { type: "button" });
  const select = html("select", "", null, { id });
  const next = html("button", "step", "›", { type: "button" });
  const found = html("div", "found");
  const all = html("details", "all");
  const summary = html("summary");
  const tables = html("div");
  const notes = html("p", "small");
  row.append(previous, select, next);
  all.append(summary, tables);
  section.append(heading, hint, canvas, label, row, found, all, notes);

  // in the order of the list, which the steps go through
  const order = nodes.map((_, i) => i);
  let chosen = -1;
  let colours = null;
  let whole = null;
  let drawnIn = null;
  let drawnWidth = 0;

  const houseName = (place) => houses[place] ?? demo.say().net_joined;

  function name(i) {
    const [kind, place, number] = nodes[i];
    const say = demo.say();
    if (kind === "outside") return filled(say.net_outside, { number: format(number) });
    const house = houseName(place);
    if (kind === "organisation") return filled(say.net_organisation, { house });
    return number ? filled(say.net_person, { house, number: format(number) }) : filled(say.net_people, { house });
  }

  const format = (n) => (n === null ? demo.say().not_observed : demo.number(n));

  function choose(i) {
    chosen = i;
    select.value = String(i);
    paint();
    tell();
  }

  select.addEventListener("change", () => choose(Number(select.value)));
  const step = (by) => choose(order[(order.indexOf(chosen) + by + order.length + (chosen < 0 && by < 0 ? 1 : 0)) % order.length]);
  previous.addEventListener("click", () => step(-1));
  next.addEventListener("click", () => step(1));
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const scale = SIDE / box.width;
    const x = (event.clientX - box.left) * scale;
    const y = (event.clientY - box.top) * scale;
    let nearest = -1;
    let least = REACH * scale;
    nodes.forEach((node, i) => {
      const distance = Math.hypot(node[3] - x, node[4] - y);
      if (distance < least) [nearest, least] = [i, distance];
    });
    if (nearest >= 0) choose(nearest);
  });
  all.addEventListener("toggle", drawTable);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => {
    colours = null;
    paint();
  };
  dark.addEventListener("change", recolour);

  const isBoth = ([, , given, back]) => given > 0 && back > 0;
  const both = edges.filter(isBoth);
  const single = edges.filter((edge) => !isBoth(edge));

  const ratio = () => devicePixelRatio || 1;
  // marks keep their size where the picture is small
  const unit = () => ratio() * Math.min(1.25, Math.max(0.85, demo.width() / 420));

  function lines(context, list, colour, thick) {
    const scale = context.canvas.width / SIDE;
    context.beginPath();
    for (const [i, j] of list) {
      context.moveTo(nodes[i][3] * scale, nodes[i][4] * scale);
      context.lineTo(nodes[j][3] * scale, nodes[j][4] * scale);
    }
    context.strokeStyle = colour;
    context.lineWidth = thick * unit();
    context.stroke();
  }

  function mark(context, i) {
    const [kind, , number] = nodes[i];
    const scale = context.canvas.width / SIDE;
    const [x, y] = [nodes[i][3] * scale, nodes[i][4] * scale];
    context.beginPath();
    if (kind === "organisation") {
      const side = 13 * unit();
      context.rect(x - side / 2, y - side / 2, side, side);
    } else {
      context.arc(x, y, (kind === "outside" ? 3.2 : number ? 3.6 : 10) * unit(), 0, 2 * Math.PI);
    }
    context.fillStyle = kind === "outside" ? colours.paper : colours[kind];
    context.fill();
    if (kind !== "outside") return;
    context.strokeStyle = colours.outside;
    context.lineWidth = 1.6 * unit();
    context.stroke();
  }

  // The whole network, drawn once for a width and a set of colours; a choice is drawn over it.
  function drawnWhole() {
    const side = Math.round(demo.width() * ratio());
    if (whole?.width === side && colours) return whole;
    const style = getComputedStyle(demo.root);
    colours = Object.fromEntries(TOKENS.map((token) => [token, style.getPropertyValue(`--${token}`)]));
    whole = html("canvas");
    whole.width = whole.height = side;
    const context = whole.getContext("2d");
    lines(context, single, colours.hair, 1);
    lines(context, both, colours.ink, 1.1);
    nodes.forEach((_, i) => mark(context, i));
    return whole;
  }

  function paint() {
    if (section.hidden) return;
    const under = drawnWhole();
    if (canvas.width !== under.width) canvas.width = canvas.height = under.width;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.globalAlpha = chosen < 0 ? 1 : 0.3;
    context.drawImage(under, 0, 0);
    context.globalAlpha = 1;
    if (chosen < 0) return;
    const own = neighbours[chosen].map(({ node, both }) => [chosen, node, both]);
    lines(context, own.filter((edge) => !edge[2]), colours.chance, 1.6);
    lines(context, own.filter((edge) => edge[2]), colours.ink, 2.6);
    for (const [, i] of own) mark(context, i);
    mark(context, chosen);
    const scale = canvas.width / SIDE;
    context.beginPath();
    context.arc(nodes[chosen][3] * scale, nodes[chosen][4] * scale, 13 * unit(), 0, 2 * Math.PI);
    context.strokeStyle = colours.ink;
    context.lineWidth = 2.5 * unit();
    context.stroke();
  }

  function tell() {
    const say = demo.say();
    if (chosen < 0) {
      found.replaceChildren();
      return;
    }
    const list = neighbours[chosen];
    const mutual = list.filter((one) => one.both).length;
    const parts = [html("h3", "", name(chosen))];
    if (list.length) {
      const rows = list
        .slice(0, MOST_ROWS)
        .map((one) => [null, one.both ? `${name(one.node)} (${say.net_both})` : name(one.node), format(one.given), format(one.back)]);
      parts.push(table("ties", [say.net_who, say.net_shares, say.net_is_shared], rows));
      if (list.length > MOST_ROWS) parts.push(html("p", "small", filled(say.net_more, { n: format(list.length - MOST_ROWS) })));
    } else {
      parts.push(html("p", "", say.net_nobody));
    }
    found.replaceChildren(...parts);
    demo.hear(filled(say.net_heard, { name: name(chosen), n: format(list.length), mutual: format(mutual) }));
  }

  // Long, and seldom looked at: made when it is opened, some rows a frame.
  let making = 0;
  function drawTable() {
    const say = demo.say();
    cancelAnimationFrame(making);
    tables.replaceChildren();
    if (!all.open) return;
    const heads = [say.net_who, say.net_who, say.net_shares, say.net_is_shared];
    const whole = table("edges", heads, []);
    tables.append(whole);
    let from = 0;
    const more = () => {
      const some = edges.slice(from, (from += ROWS_A_FRAME));
      const rows = some.map(([i, j, given, back]) => [null, name(i), name(j), format(given), format(back)]);
      whole.lastChild.append(...table("", [], rows).lastChild.children);
      if (from < edges.length) making = requestAnimationFrame(more);
    };
    more();
  }

  function drawWords() {
    const say = demo.say();
    heading.textContent = say.net_heading;
    hint.textContent = say.net_hint;
    const outside = nodes.some(([kind]) => kind === "outside") ? `; ${say.net_label_outside}` : "";
    const counts = filled(say.net_label_counts, { nodes: format(nodes.length), edges: format(edges.length), mutual: format(both.length) });
    canvas.setAttribute("aria-label", `${say.net_label}${outside}. ${counts}`);
    label.textContent = say.net_choose;
    previous.setAttribute("aria-label", say.net_previous);
    next.setAttribute("aria-label", say.net_next);
    summary.textContent = say.net_table;
    const groups = new Map();
    const group = (i) => (nodes[i][0] === "outside" ? say.net_outside_group : houseName(nodes[i][1]));
    order.sort((a, b) => rank(a) - rank(b) || nodes[a][2] - nodes[b][2]);
    for (const i of order) {
      if (!groups.has(group(i))) groups.set(group(i), html("optgroup", "", null, { label: group(i) }));
      groups.get(group(i)).append(new Option(name(i), i));
    }
    const none = new Option(say.net_none, "-1");
    none.disabled = true;
    select.replaceChildren(none, ...groups.values());
    select.value = String(chosen);
    const parts = ["houses", "people", "outside", "pairs"].filter((what) => leftOut[what] > 0);
    const cut = parts.map((what) => filled(say[`net_left_${what}`], { n: format(leftOut[what]) })).join(", ");
    const whole = persons ? say.net_all : "";
    const said = [persons ? "" : say.net_only_houses, cut ? filled(say.net_left_out, { parts: cut }) : whole];
    notes.textContent = said.filter(Boolean).join(" ");
    if (all.open) drawTable();
    tell();
  }

  // by house, the organisation first
  const rank = (i) => (nodes[i][0] === "outside" ? 1e6 : nodes[i][1] * 10 + (nodes[i][0] === "organisation" ? 0 : 1));

  return {
    section,
    draw() {
      section.hidden = !(demo.isOpen() || demo.isChosen());
      if (section.hidden) return;
      if (drawnIn !== demo.language()) {
        drawnIn = demo.language();
        drawWords();
      }
      if (drawnWidth !== demo.width()) {
        drawnWidth = demo.width();
        paint();
      }
    },
    end() {
      cancelAnimationFrame(making);
      dark.removeEventListener("change", recolour);
    },
  };
}
