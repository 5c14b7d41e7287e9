// The page follows the language that was chosen in the demo: its own language, its title, its prose.
document.addEventListener("ambassador:language", ({ detail: { language, title } }) => {
  document.documentElement.lang = language;
  document.title = title;
  for (const prose of document.querySelectorAll(".prose[lang]")) prose.hidden = prose.lang !== language;
});
