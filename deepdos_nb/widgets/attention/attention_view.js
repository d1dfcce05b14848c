// The parts of the view, where things lie on the screen, and what is chosen.

const EDGE = { left: 64, right: 12 };
const TALLEST = 300;
const HELP =
  "Drag to select energies, click for one bin, click a name to select its site. With the map in focus: " +
  "arrows move the cursor, Shift+← → select and extend, Enter selects the row, [ ] change the head, comma and period the layer, Esc clears.";
const LESSON =
  "Attention tells which atoms an energy looked at, not who owns its states: " +
  "attention × total would then lie on the prediction.";

// The view `v` holds the model and what is on the page; rows are sites or elements.
function addRows(v) {
  const { model, header } = v;
  v.labels = header.sites.map((e, i) => `${header.elements[e].name}${i + 1}`);
  v.bySite = () => model.get("by") === "site";
  v.names = () => (v.bySite() ? v.labels : header.elements.map((e) => e.name));
  v.sitesOf = (r) => (v.bySite() ? [r] : header.sites.flatMap((e, i) => (e === r ? [i] : [])));
  v.layerNow = () => (model.get("layer") < 0 ? model.get("layer") + header.layers : model.get("layer"));
}

function addScales(v) {
  const { bins, face } = v.grid;
  v.inner = () => v.size - EDGE.left - EDGE.right;
  v.x = (e) => straight(face(0), face(bins), EDGE.left, v.size - EDGE.right)(e);
  v.binAt = (px) => Math.max(0, Math.min(bins - 1, Math.floor(((px - EDGE.left) / v.inner()) * bins)));
  v.rowHeight = () => Math.max(9, Math.min(30, 230 / v.names().length));
}

function addChoices(v) {
  const { model, header } = v;
  v.saves = paced(model);
  v.chooseRange = (range) => {
    model.set("energy_range", range);
    v.saves.save();
  };
  v.chooseSites = (sites) => {
    model.set("selected_sites", sites);
    v.saves.save();
  };
  v.asked = { layer: stepper(v.layerNow), head: stepper(() => model.get("head")) };
  v.setChoice = (name, value) => {
    v.asked[name]?.ask(value);
    if (name === "layer") model.set("layer", value);
    else if (name === "head") model.set("head", value);
    else if (name === "by") model.set("by", value);
    else model.set("colour_by", value);
    model.save_changes();
  };
  v.toggleRow = (row) => {
    const sites = v.sitesOf(row);
    const now = model.get("selected_sites");
    const rest = now.filter((i) => !sites.includes(i));
    v.chooseSites(sites.every((i) => now.includes(i)) ? rest : [...rest, ...sites].sort((a, b) => a - b));
  };
  const heads = [[-1, "mean"], ...Array.from({ length: header.heads }, (_, h) => [h, String(h + 1)])];
  v.pickers = {
    layer: segments("Layer", Array.from({ length: header.layers }, (_, i) => [i, String(i + 1)]), (value) => v.setChoice("layer", value)),
    head: segments("Head", heads, (value) => v.setChoice("head", value)),
    by: segments("Rows", [["site", "sites"], ["element", "elements"]], (value) => v.setChoice("by", value)),
    colour_by: segments("Atoms by", [["attention", "attention"], ["states", "states"]], (value) => v.setChoice("colour_by", value)),
  };
}

function buildView(model, el) {
  const header = model.get("header");
  const v = { model, header, grid: energyGrid(header.x), size: 600, base: 0, cursor: null };
  addRows(v);
  addScales(v);
  addChoices(v);
  v.map = html("div", { class: "ddos-map", tabindex: "0", role: "group", "aria-roledescription": "interactive heat map" });
  v.scroll = html("div", { class: "ddos-scroll" });
  v.heat = html("canvas", { class: "ddos-heat", "aria-hidden": "true" });
  v.over = svg("svg", { class: "ddos-over", "aria-hidden": "true" });
  v.below = svg("svg", { class: "ddos-panels", "aria-hidden": "true" });
  v.tip = html("div", { class: "ddos-tip", hidden: "" });
  v.bar = html("canvas", { class: "ddos-bar", "aria-hidden": "true" });
  v.most = html("span", {});
  v.readout = html("div", { class: "ddos-readout", "aria-live": "polite", role: "status" });
  v.error = html("div", { class: "ddos-error", role: "alert" });
  const tiles = html("div", { class: "ddos-tiles", role: "group", "aria-label": "All layers and heads" });
  v.scroll.append(v.heat, v.over);
  v.map.append(v.scroll, v.below, v.tip);
  const root = html(
    "div",
    // JupyterLab would take the arrow keys for itself otherwise.
    { class: "ddos ddos-attention", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "ddos-head" }, html("span", { class: "ddos-title" }, header.title)),
    html("div", { class: "ddos-choices" }, ...Object.values(v.pickers).map((p) => p.node)),
    html("div", { class: "ddos-keys" }, "0", v.bar, v.most),
    v.map, curveKey(header), v.readout,
    html("div", { class: "ddos-lesson" }, LESSON), tiles, html("div", { class: "ddos-help" }, HELP), v.error,
  );
  el.append(root);
  v.shadeTiles = buildTiles(model, header, tiles, v.setChoice);
  return v;
}
