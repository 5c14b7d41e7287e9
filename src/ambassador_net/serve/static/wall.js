// The hall's guesses as they come, and the answer beside them when the speaker wants it.
const EACH_MS = 1000;
const LEAST_FULL = 5;
const { language, words, questions } = JSON.parse(document.getElementById("wall-data").textContent);
const format = new Intl.NumberFormat(language);
const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

// One question: its bars, its axis, its table. A bar holds one value or several neighbours.
function picture(name, { bars, ticks, answer }) {
  const section = document.getElementById(name);
  const [picture, count, body, mark, told] = [".picture", ".count", "tbody", ".mark", ".answer"].map((one) =>
    section.querySelector(one),
  );
  const columns = bars.map(() => {
    const bar = element("span");
    section.querySelector(".bars").append(bar);
    return bar;
  });
  for (const { at, text } of ticks) {
    const tick = element("span", text);
    tick.style.setProperty("--at", at);
    section.querySelector(".axis").append(tick);
  }
  const cells = bars.map(({ label }) => {
    const row = element("tr");
    const head = element("th", label);
    head.scope = "row";
    const cell = element("td");
    row.append(head, cell);
    body.append(row);
    return cell;
  });
  if (answer.at !== null) mark.style.setProperty("--at", answer.at);
  mark.firstElementChild.textContent = answer.short;
  told.textContent = answer.text;
  let heights = [];

  function label(isShown) {
    const all = heights.reduce((sum, n) => sum + n, 0);
    const parts = [all ? say(words.guesses, { n: format.format(all) }) : words.none_yet];
    if (all) parts.push(say(words.most, { at: bars[heights.indexOf(Math.max(...heights))].label }));
    if (isShown) parts.push(answer.text);
    picture.setAttribute("aria-label", parts.join("; "));
  }

  return {
    answer: answer.text,
    draw(counts, isShown) {
      heights = bars.map(({ from, to }) => counts.slice(from, to).reduce((sum, n) => sum + n, 0));
      const full = Math.max(LEAST_FULL, ...heights);
      const highest = Math.max(...heights);
      const first = heights.indexOf(highest);
      heights.forEach((n, place) => {
        columns[place].style.setProperty("--part", n / full);
        columns[place].dataset.n = n && place === first ? format.format(n) : "";
        cells[place].textContent = format.format(n);
      });
      const all = heights.reduce((sum, n) => sum + n, 0);
      count.textContent = all ? say(words.guesses, { n: format.format(all) }) : words.none_yet;
      label(isShown);
    },
    show(isShown) {
      told.hidden = !isShown;
      mark.hidden = !isShown || answer.at === null;
      label(isShown);
    },
  };
}

const pictures = Object.entries(questions).map(([name, question]) => [name, picture(name, question)]);
const button = document.querySelector("footer button");
const [trouble, heard] = [".trouble", ".heard"].map((one) => document.querySelector(one));
let isShown = false;

function show(wanted) {
  isShown = wanted;
  button.textContent = isShown ? words.hide_answer : words.show_answer;
  pictures.forEach(([, one]) => one.show(isShown));
  heard.textContent = isShown ? pictures.map(([, one]) => one.answer).join("; ") : "";
}

button.addEventListener("click", () => show(!isShown));
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "a" && !event.ctrlKey && !event.metaKey && !event.altKey) show(!isShown);
});

function complain(text) {
  // said once to a screen reader, not each second
  if (trouble.textContent !== text) trouble.textContent = text;
}

async function look() {
  try {
    // the browser asks whether they have changed, and has them if not
    const answer = await fetch("/guesses.json", { cache: "no-cache" });
    if (!answer.ok) throw new Error(String(answer.status));
    const guesses = await answer.json();
    pictures.forEach(([name, one]) => one.draw(guesses[name], isShown));
    complain(guesses.kept ? "" : words.not_kept);
  } catch {
    complain(words.no_connection);
  }
  setTimeout(look, EACH_MS);
}

look();
