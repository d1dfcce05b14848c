// Buttons that save what a view shows. Plain ESM: no build step, nothing fetched.

function render({ model, el }) {
  // Every view of this model hears every file, and only the one that asked saves it.
  const me = Math.random().toString(36).slice(2);
  const row = html("div", { class: "ddos-saves", role: "group", "aria-label": "Download" });
  const error = html("div", { class: "ddos-error", role: "alert" });
  el.append(html("div", { class: "ddos ddos-downloads" }, row, error));

  function draw() {
    row.replaceChildren(html("span", { class: "ddos-subtitle" }, "Download"), ...model.get("formats").map((ending) => {
      const button = html("button", { type: "button", "data-ending": ending, "aria-label": `Download ${model.get("stem")}.${ending}` }, ending.toUpperCase());
      button.addEventListener("click", () => model.send({ make: ending, view: me }));
      return button;
    }));
    error.textContent = model.get("error");
  }

  // The file comes back as a message, so that nothing of it is kept with the notebook.
  function save(head, buffers) {
    if (head?.view !== me || !head.name || !buffers?.length) return;
    const address = URL.createObjectURL(new Blob([buffers[0]], { type: head.mime }));
    const link = html("a", { href: address, download: head.name });
    el.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  const names = ["change:formats", "change:stem", "change:error"];
  for (const name of names) model.on(name, draw);
  model.on("msg:custom", save);
  draw();
  return () => {
    for (const name of names) model.off(name, draw);
    model.off("msg:custom", save);
  };
}

export default { render };
