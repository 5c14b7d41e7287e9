// What the study says: the board of sayings, and the verdict.

import { html, verdictPicture } from "./draw.js";

export function board(demo) {
  const section = html("section", "board");
  return {
    section,
    draw() {
      section.hidden = !demo.isOpen() || !demo.shown.board.length;
      if (section.hidden) return;
      const say = demo.say();
      // what was open stays open in another language
      const open = [...section.querySelectorAll("details")].map((details) => details.open);
      const lines = demo.shown.board.map(({ answer, texts }, i) => {
        const said = demo.inLanguage(texts);
        const line = html("details");
        line.open = open[i] ?? false;
        const summary = html("summary");
        const judged = said.exploratory ? `${said.verdict} · ${said.exploratory.toLowerCase()}` : said.verdict;
        const both = html("span", "said");
        both.append(html("span", "saying", said.saying), html("span", "judged", judged));
        summary.append(verdictPicture(answer), both);
        line.append(summary, html("p", "", sentence(said.why)));
        if (said.effect) line.append(html("p", "", sentence(said.effect)));
        if (said.rests_on) line.append(html("p", "small", `${say.board_rests_on}: ${said.rests_on}.`));
        line.append(html("p", "small", said.source));
        return line;
      });
      section.replaceChildren(html("h2", "", say.board_heading), html("p", "hint", say.board_hint), ...lines);
    },
  };
}

export function verdict(demo) {
  const section = html("section", "verdict");
  return {
    section,
    draw() {
      section.hidden = !(demo.isOpen() || demo.isChosen());
      if (section.hidden) return;
      const line = html("p", "sentence");
      line.append(verdictPicture(demo.shown.verdict.answer), html("strong", "", demo.inLanguage(demo.shown.verdict.texts)));
      section.replaceChildren(html("h2", "", demo.say().verdict_heading), line, html("p", "small", demo.say().verdict_note));
    },
  };
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
