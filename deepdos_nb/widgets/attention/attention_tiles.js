// All maps of all layers and heads, small, on one colour scale: click one to enlarge it.

function buildTiles(model, header, root, choose) {
  const cells = octets(model.get("tiles"));
  const rows = model.get("tile_rows");
  const each = rows * header.tileColumns;
  const columns = header.heads + 1;
  root.style.gridTemplateColumns = `auto repeat(${columns}, minmax(0, 1fr))`;
  root.append(html("span"));
  for (let h = -1; h < header.heads; h++) root.append(html("span", { class: "ddos-tile-name" }, h < 0 ? "mean" : `head ${h + 1}`));
  const tiles = [];
  for (let layer = 0; layer < header.layers; layer++) {
    root.append(html("span", { class: "ddos-tile-name" }, `layer ${layer + 1}`));
    for (let head = -1; head < header.heads; head++) {
      const canvas = html("canvas", { "aria-hidden": "true" });
      const name = `Layer ${layer + 1}, ${head < 0 ? "mean over heads" : `head ${head + 1}`}`;
      const button = html("button", { type: "button", class: "ddos-tile", "aria-label": name, title: name }, canvas);
      const first = (layer * columns + head + 1) * each;
      tiles.push({ layer, head, button, canvas, part: cells.subarray(first, first + each) });
      button.addEventListener("click", () => {
        button.focus({ preventScroll: true });
        pick(layer, head);
      });
      root.append(button);
    }
  }

  function pick(layer, head) {
    choose("layer", layer);
    choose("head", head);
  }

  // One stop for the tab key; the arrows walk over the grid.
  root.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const at = tiles.find((t) => t.button === document.activeElement);
    if (!move || !at) return;
    const next = tiles.find((t) => t.layer === at.layer + move[0] && t.head === at.head + move[1]);
    if (next) {
      next.button.focus();
      pick(next.layer, next.head);
    }
    event.preventDefault();
    event.stopPropagation();
  });

  return (table) => {
    const layer = model.get("layer") < 0 ? model.get("layer") + header.layers : model.get("layer");
    for (const t of tiles) {
      paintMap(t.canvas, t.part, rows, table);
      const on = t.layer === layer && t.head === model.get("head");
      t.button.setAttribute("aria-pressed", String(on));
      t.button.tabIndex = on ? 0 : -1;
    }
  };
}
