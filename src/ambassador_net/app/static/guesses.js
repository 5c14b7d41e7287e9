// Guess first: two questions, each with the answer beside the guess once it was given.

import { html } from "./draw.js";
import { guessPicture, timesPicture } from "./pictures.js";

// A hall may collect guesses: the page says where to; no page from a file does.
function send(question, value) {
  const to = document.documentElement.dataset.guesses;
  if (!to) return;
  const body = JSON.stringify({ question, value });
  fetch(to, { method: "POST", headers: { "Content-Type": "application/json" }, body, keepalive: true }).catch(() => {});
}

function entry(label, text, className = "") {
  const group = html("div", className);
  group.append(html("dt", "", label), html("dd", "number", text));
  return group;
}

// One question: a section that asks and one that answers; `part` says what is particular to it.
function guess(demo, part) {
  const id = `${demo.id}-${part.question}`;
  const ask = html("section", `ask ${part.question}`);
  const answered = html("section", `answered ${part.question}`);
  const label = html("label", "", null, { for: id });
  const hint = html("p", "hint", null, { id: `${id}-hint` });
  // a screen reader says the slider's value by itself
  const number = html("div", "number", null, { "aria-hidden": "true" });
  const beside = html("div", "beside", null, { "aria-hidden": "true" });
  const slider = html("input", "", null, { type: "range", min: 0, max: part.most, value: part.first, id, "aria-describedby": `${id}-hint` });
  const show = html("button", "main", null, { type: "button" });
  let given = null;
  let focusAnswer = false;

  function drawValue() {
    const value = Number(slider.value);
    const { text, side = "", of = "", said } = part.value(value);
    number.textContent = text;
    number.dataset.of = of;
    beside.textContent = side;
    if (said) slider.setAttribute("aria-valuetext", said);
  }

  slider.addEventListener("input", drawValue);
  show.addEventListener("click", () => {
    given = Number(slider.value);
    focusAnswer = true;
    send(part.question, given);
    demo.guessed();
  });
  ask.append(label, hint, number, beside, slider, ...(part.ends ? [part.ends.element] : []), show);

  return {
    sections: [ask, answered],
    isGiven: () => given !== null,
    draw(isAsked) {
      ask.hidden = !isAsked || given !== null;
      answered.hidden = given === null;
      if (!ask.hidden) {
        label.textContent = part.title();
        hint.textContent = part.hint();
        show.textContent = demo.say().show;
        part.ends?.draw();
        drawValue();
      }
      if (answered.hidden) return;
      const heading = html("h2", "", part.title(), { tabindex: -1 });
      answered.replaceChildren(heading, ...part.answer(given, answered));
      if (focusAnswer) {
        focusAnswer = false;
        heading.focus();
      }
    },
  };
}

export function mutualGuess(demo) {
  return guess(demo, {
    question: "mutual",
    most: 100,
    first: 50,
    title: () => demo.say().question,
    hint: () => demo.say().hint,
    value: (value) => ({ text: String(value) }),
    answer(given) {
      const say = demo.say();
      const { value, texts } = demo.shown.guess;
      const { number, why } = demo.inLanguage(texts);
      const numbers = html("dl", "numbers");
      if (value !== null) numbers.append(entry(say.in_these_data, number));
      numbers.append(entry(say.your_guess, given, "guess"));
      const said = value === null ? why : `${number} ${say.in_these_data}`;
      const label = `${say.answer_heading}. ${said}; ${say.your_guess} ${given}`;
      return [numbers, guessPicture(demo.width(), value, given, label), html("p", "", why)];
    },
  });
}

// Whose post is shared more.
function sideOf(ratio) {
  if (Math.abs(ratio - 1) < 0.005) return "";
  return ratio > 1 ? "person" : "organisation";
}

export function timesGuess(demo) {
  const times = demo.shown.times;
  const ends = html("div", "ends", null, { "aria-hidden": "true" });
  const step = (value) => demo.inLanguage(times.texts).steps[value];
  return guess(demo, {
    question: "times",
    most: times.steps.length - 1,
    first: (times.steps.length - 1) / 2,
    title: () => demo.say().question_times,
    hint: () => demo.say().hint_times,
    ends: {
      element: ends,
      draw() {
        const say = demo.say();
        ends.replaceChildren(html("span", "organisation-end", say.scale_organisation), html("span", "person-end", say.scale_person));
      },
    },
    value(value) {
      const { number, side } = step(value);
      return { text: number, side, of: sideOf(times.steps[value]), said: `${number} ${side}` };
    },
    answer(given, before) {
      const say = demo.say();
      const texts = demo.inLanguage(times.texts);
      const { number, side } = step(given);
      const numbers = html("dl", "numbers");
      if (texts.answer) numbers.append(entry(`${texts.answer.side}, ${say.in_data}`, texts.answer.number, sideOf(times.value)));
      numbers.append(entry(`${side}, ${say.your_guess}`, number, "guess"));
      const found = texts.answer ? `${texts.answer.number} ${texts.answer.side} ${say.in_data}` : say.times_unknown;
      const trade = times.trade.map((line) => demo.inLanguage(line.texts).number).join("; ");
      const label = `${say.answer_heading}. ${found}; ${say.your_guess}: ${number} ${side}. ${say.trade_heading}: ${trade}`;
      // what was open stays open in another language
      const open = [...before.querySelectorAll("details")].map((details) => details.open);
      const lines = times.trade.map((line, i) => {
        const said = demo.inLanguage(line.texts);
        const details = html("details", "trade");
        details.open = open[i] ?? false;
        const summary = html("summary");
        const both = html("span", "said");
        both.append(html("strong", "", `${said.number}×`), html("span", "", said.saying));
        summary.append(both);
        details.append(summary, html("p", "small", said.source));
        return details;
      });
      const parts = [numbers, timesPicture(demo.width(), times, given, say, demo.number, label), html("p", "", texts.effect)];
      if (!texts.answer) parts.push(html("p", "", texts.why));
      if (texts.others.length) parts.push(html("h3", "", say.others_heading), ...texts.others.map((text) => html("p", "other", text)));
      return [...parts, html("h3", "", say.trade_heading), html("p", "hint", say.trade_hint), ...lines];
    },
  });
}
