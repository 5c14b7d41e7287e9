// Mounts a widget on a page that has no kernel: a model that keeps its state here and takes each answer from those
// that were prepared when the page was built.
globalThis.mountWidget = (widget, id) => {
  const state = JSON.parse(document.getElementById(`${id}-state`).textContent);
  const heard = new Map();
  const changed = new Set();
  const tell = (name) => heard.get(`change:${name}`)?.forEach((hear) => hear());
  const prepared = (house) => ({ ...state.payload.answers[house], by: "page" });
  const model = {
    get: (name) => state[name],
    set(name, value) {
      if (state[name] === value) return;
      state[name] = value;
      changed.add(name);
      tell(name);
    },
    save_changes() {
      if (changed.has("house")) {
        state.answer = prepared(state.house);
        tell("answer");
      }
      changed.clear();
    },
    on: (event, hear) => heard.set(event, [...(heard.get(event) ?? []), hear]),
    off: (event, hear) => heard.set(event, (heard.get(event) ?? []).filter((other) => other !== hear)),
    send() {},
  };
  state.answer = prepared(state.house);
  const el = document.getElementById(id);
  widget.render({ model, el });
  el.dataset.ready = "";
};
