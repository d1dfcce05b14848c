// Which part of the crystal is drawn. Plain ESM: no build step, nothing fetched.

function render({ model, el }) {
  const cells = segments("Cell", model.get("cells").map((name) => [name, name]), (value) => {
    model.set("cell", value);
    model.save_changes();
  });
  const across = html("input", { type: "checkbox" });
  across.addEventListener("change", () => {
    model.set("across", across.checked);
    model.save_changes();
  });
  el.append(html("div", { class: "ddos ddos-cells" }, ...(model.get("cells").length > 1 ? [cells.node] : []),
    html("label", { class: "ddos-choice" }, across, "bonds across")));
  const draw = () => {
    cells.show(model.get("cell"));
    across.checked = model.get("across");
  };
  model.on("change:cell", draw);
  model.on("change:across", draw);
  draw();
  return () => {
    model.off("change:cell", draw);
    model.off("change:across", draw);
  };
}

export default { render };
