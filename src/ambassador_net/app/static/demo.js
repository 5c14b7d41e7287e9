// The demo: two guesses with their answers, a house, the board, the network, the verdict, and what a kernel is asked.
// Every number and sentence comes prepared from Python; here they are shown and drawn.

import { board, verdict } from "./board.js";
import { html } from "./draw.js";
import { mutualGuess, timesGuess } from "./guesses.js";
import { houses } from "./house.js";
import { network } from "./network.js";
import { whatIf } from "./what_if.js";

const LANGUAGE_NAMES = { en: "English", fi: "Suomi", sv: "Svenska" };
let made = 0;

function preferred(languages) {
  return navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]).find((code) => languages.includes(code));
}

function render({ model, el }) {
  // a kernel sends it as text; a page without one holds it ready
  const sent = model.get("payload");
  const shown = typeof sent === "string" ? JSON.parse(sent) : sent;
  const root = html("div", "ambassador-demo");
  const languages = html("div", "languages", null, { role: "group" });
  const title = html("h1");
  const data = html("p", "data");
  const heard = html("p", "heard", "", { role: "status" });
  let language = preferred(shown.languages) ?? model.get("language");
  let width = 0;
  // making one is slow, on a phone as slow as drawing a picture
  const formats = new Map();
  function format(value) {
    if (!formats.has(language)) formats.set(language, new Intl.NumberFormat(language, { maximumFractionDigits: 10 }));
    return formats.get(language).format(value);
  }

  // what the parts know of the whole
  const demo = {
    id: `ambassador-${(made += 1)}`,
    model,
    shown,
    root,
    language: () => language,
    say: () => shown.texts[language],
    inLanguage: (texts) => texts[language],
    width: () => width,
    number: (value) => format(value),
    hear: (text) => (heard.textContent = text),
    isOpen: () => first.isGiven() && (!second || second.isGiven()),
    isChosen: () => choice.isChosen(),
    set(name, value) {
      model.set(name, value);
      model.save_changes();
    },
    guessed() {
      drawGuesses();
      drawOpened();
    },
    chose() {
      soon(...rest);
    },
  };

  const first = mutualGuess(demo);
  const second = shown.times ? timesGuess(demo) : null;
  const sayings = board(demo);
  const choice = houses(demo);
  const net = shown.network ? network(demo) : null;
  const judged = verdict(demo);
  const asked = Object.keys(shown.what_if).length ? whatIf(demo) : null;

  const buttons = shown.languages.map((code) => {
    const button = html("button", "", LANGUAGE_NAMES[code], { type: "button", lang: code });
    button.addEventListener("click", () => {
      language = code;
      drawAll();
    });
    return button;
  });
  languages.append(...buttons);
  root.append(languages, title, data, ...first.sections, ...(second?.sections ?? []), sayings.section, ...choice.sections);
  if (net) root.append(net.section);
  root.append(judged.section);
  if (asked) root.append(asked.section);
  root.append(heard);
  el.append(root);

  function drawWords() {
    root.lang = language;
    languages.setAttribute("aria-label", demo.say().language);
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.lang === language)));
    title.textContent = demo.say().title;
    data.textContent = demo.say().data;
    tellPage();
  }

  // Voilà puts the widget into the page after it was drawn: the page hears of the language once it can
  let told = "";
  function tellPage() {
    if (!root.isConnected || told === language) return;
    told = language;
    root.dispatchEvent(new CustomEvent("ambassador:language", { bubbles: true, detail: { language, title: demo.say().title } }));
  }

  function drawGuesses() {
    first.draw(true);
    second?.draw(first.isGiven());
  }

  // What is seen once both guesses were made lies below the answer, which need not wait for it: one part a frame.
  const rest = [() => net?.draw(), judged.draw, () => asked?.draw()];
  const opened = [choice.drawChoice, sayings.draw, () => choice.draw(false), ...rest];
  const drawOpened = () => soon(...opened);

  const below = () => [sayings, net, judged, asked].filter(Boolean).map(({ section }) => section).concat(choice.sections[1]);

  const waiting = [];
  let frame = 0;
  // what was waiting still is: who chooses a house while the language changes gets the board too
  function soon(...parts) {
    waiting.push(...parts.filter((part) => !waiting.includes(part)));
    if (!frame) frame = requestAnimationFrame(drawNext);
  }
  function drawNext() {
    // after the frame is painted
    setTimeout(() => {
      waiting.shift()?.();
      frame = waiting.length ? requestAnimationFrame(drawNext) : 0;
    });
  }

  function drawAll() {
    // what is below comes a part a frame; until then it costs nothing and shows nothing half drawn
    for (const section of below()) section.hidden = true;
    drawWords();
    drawGuesses();
    drawOpened();
  }

  const answerCame = () => choice.draw(true);
  const houseHeld = () => choice.drawHeld();
  const kernelAnswered = () => asked?.answered();
  model.on("change:answer", answerCame);
  model.on("change:house", houseHeld);
  model.on("change:answered", kernelAnswered);

  // measured when it changes and not when something is drawn: measuring makes the browser lay the page out again
  const measured = (wide) => Math.max(200, Math.floor(wide));
  width = measured(root.clientWidth);
  drawAll();
  setTimeout(() => format(0));

  // Pictures are drawn for the width they get, so that their words keep the size of all other words.
  const watcher = new ResizeObserver(([{ contentRect }]) => {
    tellPage();
    if (measured(contentRect.width) === width) return;
    width = measured(contentRect.width);
    drawGuesses();
    drawOpened();
  });
  watcher.observe(root);

  return () => {
    watcher.disconnect();
    cancelAnimationFrame(frame);
    waiting.length = 0;
    net?.end();
    asked?.end();
    model.off("change:answer", answerCame);
    model.off("change:house", houseHeld);
    model.off("change:answered", kernelAnswered);
  };
}

export default { render };
