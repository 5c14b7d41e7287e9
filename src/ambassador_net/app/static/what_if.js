// What a live kernel is asked. A page without one never answers, so there this part is never seen.

import { html, picture, table, verdictPicture } from "./draw.js";
import { bandParts } from "./house.js";
import { partPicture } from "./pictures.js";

// shorter waits need no word, longer ones mean that nobody is there
const SOON_MS = 100;
const SILENT_MS = 8000;

export function whatIf(demo) {
  const choices = demo.shown.what_if;
  const section = html("section", "what-if");
  const heading = html("h2");
  const hint = html("p", "hint");
  const status = html("p", "waiting", "", { role: "status" });
  const asked = Object.fromEntries(Object.entries(choices).map(([name, choice]) => [name, choice.holds]));
  const timers = [];
  let isAnswered = false;
  let wasAsked = false;
  let drawnIn = null;
  let changed = null;
  section.hidden = true;

  // a list of values to choose from, or a slider over their places
  function control(name, isSlider) {
    const id = `${demo.id}-${name}`;
    const box = html("div", "control");
    const label = html("label", "", null, { for: id });
    // a screen reader says the slider's value by itself
    const value = html("span", "value", null, { "aria-hidden": "true" });
    const values = choices[name].values;
    const input = isSlider
      ? html("input", "", null, { type: "range", min: 0, max: values.length - 1, id })
      : html("select", "", null, { id });
    const texts = () => demo.inLanguage(choices[name].texts);
    const say = (place) => {
      value.textContent = texts()[place];
      input.setAttribute("aria-valuetext", texts()[place]);
    };
    if (isSlider) input.addEventListener("input", () => say(Number(input.value)));
    input.addEventListener("change", () => {
      asked[name] = values[Number(input.value)];
      changed = name;
      ask();
    });
    box.append(label, ...(isSlider ? [value] : []), input);
    return {
      name,
      box,
      drawWords() {
        label.textContent = demo.say()[`what_if_${name}`];
        if (!isSlider) input.replaceChildren(...texts().map((text, place) => new Option(text, place)));
      },
      hold() {
        const place = values.indexOf(asked[name]);
        input.value = String(place);
        if (isSlider) say(place);
      },
    };
  }

  const parts = [
    { name: "tests", controls: ["tau_h", "channel"].map((name) => control(name, false)), draw: drawTests },
    { name: "houses", controls: [control("k", false)], draw: drawHouses },
    { name: "own", controls: ["people", "weeks", "returns"].map((name) => control(name, true)), draw: drawOwn },
  ].map((part) => {
    const group = html("div", "inquiry", null, { role: "group" });
    const title = html("h3", "", null, { id: `${demo.id}-${part.name}` });
    const more = part.name === "own" ? html("p", "hint") : null;
    const result = html("div", "result");
    group.setAttribute("aria-labelledby", title.id);
    group.append(title, ...(more ? [more] : []), ...part.controls.map(({ box }) => box), result);
    return { ...part, group, title, more, result };
  });
  section.append(heading, hint, ...parts.map(({ group }) => group), status);

  function ask() {
    wasAsked = true;
    timers.splice(0).forEach(clearTimeout);
    timers.push(
      setTimeout(() => (status.textContent = demo.say().what_if_computing), SOON_MS),
      setTimeout(() => (status.textContent = demo.say().what_if_silent), SILENT_MS),
    );
    demo.set("asked", { ...asked });
  }

  function drawTests(result, { answer, band, texts }) {
    const said = demo.inLanguage(texts);
    if (!answer) {
      result.replaceChildren(html("p", "", said.too_few));
      return;
    }
    const line = html("p", "sentence");
    const words = html("span", "");
    words.append(html("strong", "", said.says), html("span", "", `${said.why[0].toUpperCase()}${said.why.slice(1)}.`));
    line.append(verdictPicture(answer), words);
    result.replaceChildren(html("p", "small", said.label), line, ...bandParts(demo, band, said.sides));
  }

  function drawHouses(result, { texts }) {
    const { said, rows } = demo.inLanguage(texts);
    const say = demo.say();
    const heads = [say.what_if_column_house, say.what_if_column_people, say.what_if_column_mutual];
    result.replaceChildren(html("p", "before-table", said), table("houses", heads, rows.map((row) => [null, ...row])));
  }

  function drawOwn(result, { parts: shares, texts }) {
    const said = demo.inLanguage(texts);
    const lines = Object.entries(shares).map(([answer, percent]) => {
      const line = html("div", "part");
      const drawn = verdictPicture(answer);
      const words = html("div", "");
      words.append(`${said.names[answer]}: `, html("strong", "", said.parts[answer]));
      const right = html("div", "right");
      right.append(words, partPicture(Math.max(120, demo.width() - 56), percent));
      line.append(drawn, right);
      return line;
    });
    result.replaceChildren(html("p", "", said.said), ...lines, ...(said.because ? [html("p", "small", said.because)] : []));
  }

  function drawAnswers() {
    const answered = demo.model.get("answered");
    const { tests, houses, power } = answered;
    const found = { tests, houses, own: power };
    for (const { name, draw, result } of parts) draw(result, found[name]);
  }

  // what a screen reader hears is the answer to what was asked, not all three
  function hear() {
    const { tests, houses, power } = demo.model.get("answered");
    const part = parts.find(({ controls }) => controls.some(({ name }) => name === changed))?.name;
    const said = { tests: demo.inLanguage(tests.texts), houses: demo.inLanguage(houses.texts), own: demo.inLanguage(power.texts) }[part];
    if (part === "tests") demo.hear(said.too_few ?? `${said.label} ${said.says}: ${said.why}. ${said.sides.label}`);
    else if (part) demo.hear(said.said);
  }

  function drawWords() {
    const say = demo.say();
    heading.textContent = say.what_if_heading;
    hint.textContent = say.what_if_hint;
    for (const { name, title, more, controls } of parts) {
      title.textContent = say[`what_if_${name}_heading`];
      if (more) more.textContent = say.what_if_own_hint;
      for (const one of controls) one.drawWords();
    }
  }

  return {
    section,
    draw() {
      if (!(demo.isOpen() || demo.isChosen())) return;
      if (!wasAsked) ask();
      if (!isAnswered) return;
      section.hidden = false;
      if (drawnIn !== demo.language()) {
        drawnIn = demo.language();
        drawWords();
      }
      for (const { controls } of parts) controls.forEach((one) => one.hold());
      drawAnswers();
    },
    answered() {
      timers.splice(0).forEach(clearTimeout);
      status.textContent = "";
      isAnswered = true;
      // what Python put back is shown as what holds
      Object.assign(asked, demo.model.get("answered").asked);
      this.draw();
      hear();
    },
    end: () => timers.splice(0).forEach(clearTimeout),
  };
}
