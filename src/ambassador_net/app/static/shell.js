// The page follows the language that was chosen in the demo: its own language, its title, its prose.
document.addEventListener("ambassador:language", ({ detail: { language, title } }) => {
  document.documentElement.lang = language;
  document.title = title;
  for (const part of document.querySelectorAll(".prose[lang], .said[lang]")) part.hidden = part.lang !== language;
});
