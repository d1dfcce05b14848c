// A row of tabs. Plain ESM: no build step, nothing fetched.

function render({ model, el }) {
  const list = html("div", { class: "ddos-tablist", role: "tablist" });
  const error = html("div", { class: "ddos-error", role: "alert" });
  // JupyterLab would take the arrow keys for itself otherwise.
  el.append(html("div", { class: "ddos ddos-tabs", "data-lm-suppress-shortcuts": "true" }, list, error));

  function choose(key) {
    model.set("selected", key);
    model.save_changes();
  }

  function draw() {
    const focused = list.contains(document.activeElement);
    const selected = model.get("selected");
    list.setAttribute("aria-label", model.get("label"));
    list.replaceChildren(
      ...model.get("tabs").map(({ key, title, hint }) => {
        const chosen = key === selected;
        const tab = html(
          "button",
          { type: "button", role: "tab", "data-key": key, "aria-selected": String(chosen), tabindex: chosen ? "0" : "-1", title: hint ?? "" },
          title,
        );
        tab.addEventListener("click", () => choose(key));
        return tab;
      }),
    );
    if (focused) list.querySelector('[aria-selected="true"]')?.focus({ preventScroll: true });
    error.textContent = model.get("error");
  }

  list.addEventListener("keydown", (event) => {
    const keys = model.get("tabs").map((tab) => tab.key);
    const at = keys.indexOf(model.get("selected"));
    const to = {
      ArrowRight: (at + 1) % keys.length,
      ArrowLeft: (at + keys.length - 1) % keys.length,
      Home: 0,
      End: keys.length - 1,
    }[event.key];
    if (to === undefined) return;
    choose(keys[to]);
    event.preventDefault();
    event.stopPropagation();
  });
  // JupyterLab takes the focus back on a mouse press; the arrow keys should stay here.
  list.addEventListener("click", (event) => event.target.closest("button")?.focus({ preventScroll: true }));

  const names = ["change:tabs", "change:selected", "change:label", "change:error"];
  for (const name of names) model.on(name, draw);
  draw();
  return () => {
    for (const name of names) model.off(name, draw);
  };
}

export default { render };
