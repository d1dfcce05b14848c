// Which part of the crystal is drawn. Plain ESM: no build step, nothing fetched.

function render({ model, el }) {
  const across = html("input", { type: "checkbox" });
  const choice = html("div");
  el.append(html("div", { class: "ddos ddos-cells" }, choice, html("label", { class: "ddos-choice" }, across, "bonds across")));
  across.addEventListener("change", () => {
    model.set("across", across.checked);
    model.save_changes();
  });

  let cells;
  function draw() {
    cells.show(model.get("cell"));
    across.checked = model.get("across");
  }
  function offer() {
    const names = model.get("cells");
    cells = segments("Cell", names.map((name) => [name, name]), (value) => {
      model.set("cell", value);
      model.save_changes();
    });
    choice.hidden = names.length < 2;
    choice.replaceChildren(cells.node);
    draw();
  }

  const listen = [["change:cells", offer], ["change:cell", draw], ["change:across", draw]];
  for (const [name, handler] of listen) model.on(name, handler);
  offer();
  return () => {
    for (const [name, handler] of listen) model.off(name, handler);
  };
}

export default { render };
