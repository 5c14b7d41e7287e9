// The pictures of the demo, each for the width it gets; the words beside them say the same.

import { SIDES, axis, mark, pairs, picture, svg, ticks } from "./draw.js";

export function guessPicture(width, value, guess, label) {
  const drawn = picture(width, 64, label);
  drawn.append(svg("rect", { x: 0, y: 20, width, height: 20, rx: 4, class: "ground" }));
  if (value !== null) drawn.append(svg("rect", { x: 0, y: 20, width: (width * value) / 100, height: 20, rx: 4, class: "ink" }));
  const at = Math.min(Math.max((width * guess) / 100, 8), width - 8);
  drawn.append(svg("path", { d: `M${at} 17l-8-13h16z`, class: "guess-mark" }));
  drawn.append(svg("text", { x: 0, y: 58 }, "0"), svg("text", { x: width, y: 58, "text-anchor": "end" }, "100"));
  return drawn;
}

// Ratios on a scale that is the same on both sides of 1: above it the trade's numbers, on it the answer with its
// interval, below it the guess.
export function timesPicture(width, { steps, value, interval, trade }, guess, say, number, label) {
  const drawn = picture(width, 146, label);
  const end = Math.log(steps.at(-1));
  const y = 62;
  const x = (times) => width / 2 + (Math.min(Math.max(Math.log(times) / end, -1), 1) * (width - 36)) / 2;
  drawn.append(svg("line", { x1: x(1 / steps.at(-1)), x2: x(steps.at(-1)), y1: y, y2: y, class: "lane" }));
  for (const times of [1 / 24, 1 / 8, 1 / 3, 1, 3, 8, 24]) {
    drawn.append(svg("line", { x1: x(times), x2: x(times), y1: y - 4, y2: y + 4, class: "tick" }));
    const text = number(Math.round(Math.max(times, 1 / times)));
    drawn.append(svg("text", { x: x(times), y: y + 46, "text-anchor": "middle", class: "small" }, times === 1 ? text : `${text}×`));
  }
  trade.forEach(({ value: times }, i) => {
    // of two numbers that lie close, the first stands above the other, which begins at its line
    const close = (other) => other && Math.abs(x(other.value) - x(times)) < 30;
    const top = close(trade[i + 1]) ? 14 : 32;
    const anchor = close(trade[i - 1]) ? "start" : "middle";
    drawn.append(svg("line", { x1: x(times), x2: x(times), y1: top + 6, y2: y, class: "said-by-trade" }));
    drawn.append(svg("text", { x: x(times) - (anchor === "start" ? 2 : 0), y: top, "text-anchor": anchor, class: "small" }, number(times)));
  });
  if (value && interval) {
    const [low, high] = interval.map((ratio) => (ratio > 0 ? x(ratio) : x(1 / steps.at(-1))));
    drawn.append(svg("line", { x1: low, x2: high, y1: y, y2: y, class: "interval" }));
  }
  if (value) drawn.append(svg("circle", { cx: x(value), cy: y, r: 9, class: "ink" }));
  drawn.append(svg("path", { d: `M${x(steps[guess])} ${y + 11}l-8 13h16z`, class: "guess-mark" }));
  drawn.append(mark("organisation", 8, 134, 14), mark("person", width - 8, 134, 14));
  drawn.append(svg("text", { x: 22, y: 139, class: "small" }, say.scale_organisation));
  drawn.append(svg("text", { x: width - 22, y: 139, "text-anchor": "end", class: "small" }, say.scale_person));
  return drawn;
}

export function ratesPicture(width, answer, texts, number) {
  const left = 12;
  const right = width - 20;
  const known = [...SIDES.map((s) => answer.rates[s]), ...SIDES.map((s) => answer.context?.[s])].filter((r) => r != null);
  const { step, end } = axis(Math.max(0, ...known));
  const x = (rate) => left + ((right - left) * rate) / end;
  const drawn = picture(width, 138, texts.rates_label);
  SIDES.forEach((side, i) => {
    const y = 36 + i * 48;
    const rate = answer.rates[side];
    const context = answer.context?.[side];
    drawn.append(svg("line", { x1: left, x2: right, y1: y, y2: y, class: rate === null ? "lane unobserved" : "lane" }));
    if (context != null) drawn.append(mark(side, x(context), y, 18, `${side} outlined`));
    if (rate !== null) drawn.append(mark(side, x(rate), y, 16));
    const middle = rate === null ? left : Math.min(Math.max(x(rate), left + 14), right - 14);
    const anchor = rate === null ? "start" : "middle";
    drawn.append(svg("text", { x: middle, y: y - 15, "text-anchor": anchor, class: `value ${side}-word` }, texts.rates[side]));
  });
  ticks(drawn, { step, end }, x, 104, number);
  return drawn;
}

// The observed mark on the band of chance; a side without a mark has no lane: the words beside it say why.
export function bandPicture(width, band, label, number) {
  const shown = SIDES.filter((side) => band[side]);
  const left = 12;
  const right = width - 20;
  const { step, end } = axis(Math.max(...shown.map((side) => Math.max(band[side].at, band[side].high))));
  const x = (rate) => left + ((right - left) * rate) / end;
  const bottom = 16 + shown.length * 44;
  const drawn = picture(width, bottom + 32, label);
  shown.forEach((side, i) => {
    const y = 28 + i * 44;
    const { at, low, middle, high } = band[side];
    // a band so narrow that it could not be seen is still there
    const wide = Math.max(x(high) - x(low), 3);
    drawn.append(svg("line", { x1: left, x2: right, y1: y, y2: y, class: "lane" }));
    drawn.append(svg("rect", { x: x(low), y: y - 15, width: wide, height: 30, class: "ground" }));
    drawn.append(svg("line", { x1: x(middle), x2: x(middle), y1: y - 15, y2: y + 15, class: "by-chance" }));
    drawn.append(mark(side, x(at), y, 18));
  });
  ticks(drawn, { step, end }, x, bottom, number);
  return drawn;
}

export function pairsPicture(width, marks, label) {
  const columns = Math.max(1, Math.floor(width / 38));
  const states = marks.flatMap(([state, n]) => Array(n).fill(state));
  const drawn = picture(width, Math.max(1, Math.ceil(states.length / columns)) * 24, label);
  return pairs(drawn, states.map((state, i) => [state, 15 + (i % columns) * 38, 12 + Math.floor(i / columns) * 24]));
}

// Three parts of a whole, told apart by the shape of each verdict beside them and not by colour alone.
export function partPicture(width, percent) {
  const drawn = picture(width, 14);
  drawn.append(svg("rect", { x: 0, y: 3, width, height: 8, rx: 4, class: "ground" }));
  if (percent) drawn.append(svg("rect", { x: 0, y: 3, width: Math.max(4, (width * percent) / 100), height: 8, rx: 4, class: "ink" }));
  return drawn;
}
