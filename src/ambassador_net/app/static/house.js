// Choose a house: its shares both ways, its answers on the band of chance, its pairs. Numbers, never a verdict.

import { SIDES, html, mark, pairs, picture, table } from "./draw.js";
import { bandPicture, pairsPicture, ratesPicture } from "./pictures.js";

const WHOLE_STUDY = -1;

export function bandParts(demo, band, said) {
  const say = demo.say();
  const parts = SIDES.map((side) => {
    const line = html("div", "side");
    const drawn = picture(18, 18);
    drawn.append(mark(side, 9, 9, 14));
    const words = html("p", "");
    words.append(html("strong", "", say[`band_${side}`]), ...said[side].map((text) => html("span", "", text)));
    line.append(drawn, words);
    return line;
  });
  if (!SIDES.some((side) => band[side])) return parts;
  return [bandPicture(demo.width(), band, `${say.band_axis}. ${said.label}`, demo.number), html("p", "small", say.band_axis), ...parts];
}

export function houses(demo) {
  const { model, shown } = demo;
  const choose = html("section", "choose");
  const house = html("section", "house");
  const label = html("label", "", null, { for: `${demo.id}-house` });
  const hint = html("p", "hint", null, { id: `${demo.id}-house-hint` });
  const select = html("select", "", null, { id: `${demo.id}-house`, "aria-describedby": `${demo.id}-house-hint` });
  // Before the guess, the study's own numbers would give the answer away; a house may be looked at at any time.
  let chosen = false;
  choose.append(label, hint, select);
  select.addEventListener("change", () => {
    const first = !chosen;
    chosen = true;
    if (Number(select.value) === model.get("house")) draw(true);
    else demo.set("house", Number(select.value));
    // "choose" is no choice any more
    if (first) {
      drawChoice();
      demo.chose();
    }
  });

  function drawChoice() {
    const say = demo.say();
    label.textContent = say.choose;
    hint.textContent = say.choose_hint;
    const before = chosen || demo.isOpen() ? String(model.get("house")) : "";
    const options = Object.keys(shown.answers).map(Number).sort((a, b) => a - b);
    select.replaceChildren();
    if (before === "") select.append(new Option(say.choose_none, ""));
    for (const index of options) {
      if (index === WHOLE_STUDY && !demo.isOpen()) continue;
      select.append(new Option(demo.inLanguage(shown.answers[index].texts).name, index));
    }
    select.value = before;
  }

  function draw(speak) {
    const answer = model.get("answer");
    demo.root.dataset.answeredBy = answer.by;
    house.hidden = !(demo.isOpen() || chosen);
    if (house.hidden) return;
    const say = demo.say();
    const width = demo.width();
    const texts = demo.inLanguage(answer.texts);
    const small = (side) => {
      const drawn = picture(18, 18);
      drawn.append(mark(side, 9, 9, 14));
      return drawn;
    };
    const parts = [html("h2", "", texts.name)];
    if (texts.people) parts.push(html("p", "", texts.people));
    parts.push(
      html("h3", "", say.who_shares),
      table(
        "shares",
        [say.column_direction, say.column_shares, say.column_rate],
        SIDES.map((s) => [small(s), say[`${s}_shares`], texts.shares[s], texts.rates[s]]),
      ),
      ratesPicture(width, answer, texts, demo.number),
      html("p", "small", answer.context ? `${say.axis}; ${say.context}` : say.axis),
      html("h3", "", say.band_heading),
      html("p", "hint", say.band_hint),
      ...bandParts(demo, answer.band, texts.band),
    );
    if (answer.house !== WHOLE_STUDY) parts.push(html("p", "small", say.band_no_verdict));
    parts.push(
      html("h3", "", say.pairs_heading),
      html("p", "before-table", texts.pairs),
      table(
        "states",
        [say.column_state, say.column_pairs],
        answer.states.map((state) => [pairs(picture(30, 18), [[state, 15, 9]]), say[state], texts.states[state]]),
      ),
    );
    if (answer.marks.length) parts.push(pairsPicture(width, answer.marks, texts.pairs_label));
    if (texts.unit) parts.push(html("p", "small", texts.unit));
    house.replaceChildren(...parts);
    if (speak) demo.hear(texts.heard);
  }

  return {
    sections: [choose, house],
    isChosen: () => chosen,
    draw,
    drawChoice,
    // what Python put back is shown as what holds
    drawHeld: () => {
      if (select.value !== "" || chosen) select.value = String(model.get("house"));
    },
  };
}
