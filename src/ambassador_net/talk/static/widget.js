// Mounts a widget of ours in a place of its own on a slide: the deck's stylesheet does not reach into it, nor its own
// out. Where that fails, what stood in the place stays.
globalThis.mountOnSlide = (widget, id, css) => {
  const place = document.getElementById(`${id}-place`);
  const element = document.createElement("div");
  element.id = id;
  document.body.append(element);
  try {
    mountWidget(widget, id);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    const root = place.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.append(element);
  } catch (error) {
    element.remove();
    console.warn(error);
  }
};
