// The demo: guess, the answer beside the guess, choose a house, the study's verdict.
// Every number and sentence comes prepared from Python; here they are shown and drawn, with textContent only.

const SVG = "http://www.w3.org/2000/svg";
const SIDES = ["person", "organisation"];
const WHOLE_STUDY = -1;
const LANGUAGE_NAMES = { en: "English", fi: "Suomi", sv: "Svenska" };
let made = 0;

function html(tag, className, text, attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text != null) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function svg(tag, attributes = {}, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text != null) element.textContent = text;
  return element;
}

function picture(width, height, label) {
  const attributes = { viewBox: `0 0 ${width} ${height}`, width, height };
  // a picture without a label stands beside the words that say the same
  return svg("svg", { ...attributes, ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" }) });
}

// People are discs, organisations squares, in every size; outlined where they only give context or do not share.
function mark(side, x, y, size, className = side) {
  const half = size / 2;
  return side === "person"
    ? svg("circle", { cx: x, cy: y, r: half, class: className })
    : svg("rect", { x: x - half * 0.9, y: y - half * 0.9, width: size * 0.9, height: size * 0.9, class: className });
}

// A pair: the one who shares is filled, the other outlined, dashed where it was not observed; both ways they touch.
function pair(state, x, y) {
  const shares = {
    mutual: SIDES,
    person_only: ["person"],
    organisation_only: ["organisation"],
    person_only_other_side_unknown: ["person"],
    organisation_only_other_side_unknown: ["organisation"],
    both_seen_one_side_unknown: SIDES,
  }[state];
  const other = state.endsWith("unknown") ? "unobserved" : "still";
  const apart = state === "mutual" ? 5.5 : 7.5;
  const group = svg("g");
  SIDES.forEach((side, i) => {
    const className = shares.includes(side) ? side : `${side} ${other}`;
    group.append(mark(side, x + (i ? apart : -apart), y, 11, className));
  });
  return group;
}

// The end of an axis and its step: 1, 2 or 5 times a power of ten, with two to five steps.
function axis(largest) {
  const power = 10 ** Math.floor(Math.log10(largest || 1));
  const step = [0.2, 0.5, 1, 2].map((s) => s * power).find((s) => largest / s <= 5) ?? 2 * power;
  return { step, end: Math.max(1, Math.ceil(largest / step - 1e-9)) * step };
}

function guessPicture(width, value, guess, label) {
  const drawn = picture(width, 64, label);
  drawn.append(svg("rect", { x: 0, y: 20, width, height: 20, rx: 4, class: "ground" }));
  if (value !== null) drawn.append(svg("rect", { x: 0, y: 20, width: (width * value) / 100, height: 20, rx: 4, class: "ink" }));
  const at = Math.min(Math.max((width * guess) / 100, 8), width - 8);
  drawn.append(svg("path", { d: `M${at} 17l-8-13h16z`, class: "guess-mark" }));
  drawn.append(svg("text", { x: 0, y: 58 }, "0"), svg("text", { x: width, y: 58, "text-anchor": "end" }, "100"));
  return drawn;
}

function ratesPicture(width, answer, texts, language) {
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
  const format = new Intl.NumberFormat(language, { maximumFractionDigits: 10 });
  for (let i = 0; i * step <= end * 1.000001; i += 1) {
    drawn.append(svg("line", { x1: x(i * step), x2: x(i * step), y1: 104, y2: 110, class: "tick" }));
    drawn.append(svg("text", { x: x(i * step), y: 128, "text-anchor": "middle", class: "small" }, format.format(i * step)));
  }
  return drawn;
}

function pairsPicture(width, marks, label) {
  const columns = Math.max(1, Math.floor(width / 38));
  const states = marks.flatMap(([state, n]) => Array(n).fill(state));
  const drawn = picture(width, Math.max(1, Math.ceil(states.length / columns)) * 24, label);
  states.forEach((state, i) => drawn.append(pair(state, 15 + (i % columns) * 38, 12 + Math.floor(i / columns) * 24)));
  return drawn;
}

function verdictPicture(answer) {
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

function table(className, heads, rows) {
  const element = html("table", className);
  const head = html("tr");
  heads.forEach((text) => head.append(html("th", "", text, { scope: "col" })));
  element.append(html("thead"), html("tbody"));
  element.firstChild.append(head);
  for (const [drawn, label, ...cells] of rows) {
    const row = html("tr");
    const name = html("th", "", null, { scope: "row" });
    const line = html("span", "named");
    line.append(drawn, html("span", "", label));
    name.append(line);
    row.append(name, ...cells.map((cell) => html("td", "", cell)));
    element.lastChild.append(row);
  }
  return element;
}

function render({ model, el }) {
  const id = `ambassador-${(made += 1)}`;
  const shown = model.get("payload");
  // Before the guess, the study's own numbers would give the answer away; a house may be looked at at any time.
  let chosen = false;
  let focusAnswer = false;
  const words = () => shown.texts[model.get("language")];
  const inLanguage = (texts) => texts[model.get("language")];
  const guessed = () => model.get("guess") >= 0;

  const root = html("div", "ambassador-demo");
  const languages = html("div", "languages", null, { role: "group" });
  const title = html("h1");
  const data = html("p", "data");
  const ask = html("section", "ask");
  const answered = html("section", "answered");
  const board = html("section", "board");
  const choose = html("section", "choose");
  const house = html("section", "house");
  const verdict = html("section", "verdict");
  const heard = html("p", "heard", "", { role: "status" });
  root.append(languages, title, data, ask, answered, board, choose, house, verdict, heard);
  el.append(root);
  // measured when it changes and not when something is drawn: measuring makes the browser lay the page out again
  let width = measured();

  const buttons = shown.languages.map((language) => {
    const button = html("button", "", LANGUAGE_NAMES[language], { type: "button", lang: language });
    button.addEventListener("click", () => set("language", language));
    return button;
  });
  languages.append(...buttons);

  const question = html("label", "", null, { for: `${id}-guess` });
  const hint = html("p", "hint", null, { id: `${id}-hint` });
  // a screen reader says the slider's value by itself
  const number = html("div", "number", "50", { "aria-hidden": "true" });
  const slider = html("input", "", null, {
    ...{ type: "range", min: 0, max: 100, value: 50, id: `${id}-guess`, "aria-describedby": `${id}-hint` },
  });
  const show = html("button", "main", null, { type: "button" });
  slider.addEventListener("input", () => (number.textContent = slider.value));
  show.addEventListener("click", () => {
    focusAnswer = true;
    set("guess", Number(slider.value));
  });
  ask.append(question, hint, number, slider, show);

  const chooseLabel = html("label", "", null, { for: `${id}-house` });
  const chooseHint = html("p", "hint", null, { id: `${id}-house-hint` });
  const select = html("select", "", null, { id: `${id}-house`, "aria-describedby": `${id}-house-hint` });
  select.addEventListener("change", () => {
    chosen = true;
    if (Number(select.value) === model.get("house")) drawHouse(true);
    else set("house", Number(select.value));
  });
  choose.append(chooseLabel, chooseHint, select);

  function set(name, value) {
    model.set(name, value);
    model.save_changes();
  }

  function measured() {
    return Math.max(200, Math.floor(root.clientWidth));
  }

  function drawWords() {
    const language = model.get("language");
    const say = words();
    root.lang = language;
    languages.setAttribute("aria-label", say.language);
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.lang === language)));
    title.textContent = say.title;
    data.textContent = say.data;
    question.textContent = say.question;
    hint.textContent = say.hint;
    show.textContent = say.show;
    chooseLabel.textContent = say.choose;
    chooseHint.textContent = say.choose_hint;
    root.dispatchEvent(new CustomEvent("ambassador:language", { bubbles: true, detail: { language, title: say.title } }));
  }

  function drawSelect() {
    const options = Object.keys(shown.answers).map(Number).sort((a, b) => a - b);
    const before = chosen || guessed() ? String(model.get("house")) : "";
    select.replaceChildren();
    if (before === "") select.append(new Option(words().choose_none, ""));
    for (const index of options) {
      if (index === WHOLE_STUDY && !guessed()) continue;
      select.append(new Option(inLanguage(shown.answers[index].texts).name, index));
    }
    select.value = before;
  }

  function drawGuess() {
    ask.hidden = guessed();
    answered.hidden = !guessed();
    if (!guessed()) return;
    const say = words();
    const { value, texts } = shown.guess;
    const { number: answer, why } = inLanguage(texts);
    const guess = model.get("guess");
    const heading = html("h2", "", say.question, { tabindex: -1 });
    const numbers = html("dl", "numbers");
    const entry = (label, text, className) => {
      const group = html("div", className);
      group.append(html("dt", "", label), html("dd", "number", text));
      return group;
    };
    if (value !== null) numbers.append(entry(say.in_these_data, answer, ""));
    numbers.append(entry(say.your_guess, guess, "guess"));
    const label = value === null ? why : `${answer} ${say.in_these_data}`;
    const drawn = guessPicture(width, value, guess, `${say.answer_heading}. ${label}; ${say.your_guess} ${guess}`);
    answered.replaceChildren(heading, numbers, drawn, html("p", "", why));
    if (focusAnswer) {
      focusAnswer = false;
      heading.focus();
    }
  }

  function drawHouse(speak) {
    const answer = model.get("answer");
    root.dataset.answeredBy = answer.by;
    house.hidden = !(guessed() || chosen);
    if (house.hidden) return;
    const say = words();
    const texts = inLanguage(answer.texts);
    const small = (drawn, side) => (drawn.append(mark(side, 9, 9, 14)), drawn);
    const keyed = (drawn, state) => (drawn.append(pair(state, 15, 9)), drawn);
    const heading = html("h2", "", texts.name);
    const parts = [heading];
    if (texts.people) parts.push(html("p", "", texts.people));
    parts.push(
      html("h3", "", say.who_shares),
      table(
        "shares",
        [say.column_direction, say.column_shares, say.column_rate],
        SIDES.map((s) => [small(picture(18, 18), s), say[`${s}_shares`], texts.shares[s], texts.rates[s]]),
      ),
      ratesPicture(width, answer, texts, model.get("language")),
      html("p", "small", answer.context ? `${say.axis}; ${say.context}` : say.axis),
      html("h3", "", say.pairs_heading),
      html("p", "before-table", texts.pairs),
    );
    parts.push(
      table(
        "states",
        [say.column_state, say.column_pairs],
        answer.states.map((state) => [keyed(picture(30, 18), state), say[state], texts.states[state]]),
      ),
    );
    if (answer.marks.length) parts.push(pairsPicture(width, answer.marks, texts.pairs_label));
    if (texts.unit) parts.push(html("p", "small", texts.unit));
    house.replaceChildren(...parts);
    if (speak) heard.textContent = texts.heard;
  }

  function drawBoard() {
    board.hidden = !guessed() || !shown.board.length;
    if (board.hidden) return;
    const say = words();
    // what was open stays open in another language
    const open = [...board.querySelectorAll("details")].map((details) => details.open);
    const lines = shown.board.map(({ answer, texts }, i) => {
      const said = inLanguage(texts);
      const line = html("details");
      line.open = open[i] ?? false;
      const summary = html("summary");
      const saying = html("span", "saying", said.saying);
      const judged = html("span", "judged", said.exploratory ? `${said.verdict} · ${said.exploratory.toLowerCase()}` : said.verdict);
      const both = html("span", "said");
      both.append(saying, judged);
      summary.append(verdictPicture(answer), both);
      line.append(summary, html("p", "", `${said.why[0].toUpperCase()}${said.why.slice(1)}.`));
      if (said.effect) line.append(html("p", "", `${said.effect[0].toUpperCase()}${said.effect.slice(1)}.`));
      if (said.rests_on) line.append(html("p", "small", `${say.board_rests_on}: ${said.rests_on}.`));
      line.append(html("p", "small", said.source));
      return line;
    });
    board.replaceChildren(html("h2", "", say.board_heading), html("p", "hint", say.board_hint), ...lines);
  }

  function drawVerdict() {
    verdict.hidden = !(guessed() || chosen);
    const sentence = html("p", "sentence");
    sentence.append(verdictPicture(shown.verdict.answer), html("strong", "", inLanguage(shown.verdict.texts)));
    verdict.replaceChildren(html("h2", "", words().verdict_heading), sentence, html("p", "small", words().verdict_note));
  }

  function drawAll() {
    drawWords();
    drawSelect();
    drawGuess();
    drawBoard();
    drawHouse(false);
    drawVerdict();
  }

  function answerCame() {
    drawHouse(true);
    if (verdict.hidden) drawVerdict();
  }

  model.on("change:language", drawAll);
  model.on("change:house", drawSelect);
  model.on("change:guess", drawAll);
  model.on("change:answer", answerCame);
  drawAll();

  // Pictures are drawn for the width they get, so that their words keep the size of all other words.
  const watcher = new ResizeObserver(() => {
    if (measured() === width) return;
    width = measured();
    drawGuess();
    drawHouse(false);
  });
  watcher.observe(root);

  return () => {
    watcher.disconnect();
    model.off("change:language", drawAll);
    model.off("change:house", drawSelect);
    model.off("change:guess", drawAll);
    model.off("change:answer", answerCame);
  };
}

export default { render };
