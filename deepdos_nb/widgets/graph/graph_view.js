// The parts of the view, and what is chosen in it.

const HELP =
  "Drag to turn. Click an atom for its neighbours; click a line, or an atom of another cell, for that edge; " +
  "double-click to go there. With the picture in focus: arrows turn, + − zoom, [ ] walk over the edges, " +
  "Enter goes to the neighbour, Home turns back, Esc lets the edge go.";

// The view `v` holds the model and what is on the page.
function addChoices(v) {
  const { model, header } = v;
  const [least, most] = header.limits;
  v.saves = paced(model);
  v.radiusAsked = stepper(() => model.get("radius"));
  v.edgeAsked = stepper(() => model.get("edge"));
  v.chooseEdge = (k) => {
    v.edgeAsked.ask(k);
    model.set("edge", k);
    v.saves.save();
  };
  v.chooseSite = (s) => {
    if (s === model.get("site")) return;
    v.edgeAsked.ask(-1);
    model.set("edge", -1);
    model.set("site", s);
    v.saves.save();
  };
  v.turn = (across, down) => {
    v.rotation = turned(v.rotation, across, down);
    drawScene(v);
  };
  v.keepTurn = () => {
    model.set("rotation", v.rotation);
    v.saves.save();
  };
  v.enlarge = (by) => {
    model.set("zoom", Math.max(0.2, Math.min(8, Number((model.get("zoom") * by).toFixed(3)))));
    v.saves.save();
  };
  v.reCut = (radius, number) => {
    model.set("edge", -1);
    v.edgeAsked.ask(-1);
    v.radiusAsked.ask(Number(Math.max(least, Math.min(most, radius)).toFixed(2)));
    model.set("radius", v.radiusAsked.now());
    model.set("min_neighbours", number);
    v.saves.save();
  };
}

function buildControls(v) {
  const { model, header } = v;
  const [least, most] = header.limits;
  v.slider = html("input", { type: "range", min: String(least), max: String(most), step: "0.05" });
  v.slider.id = `ddos-radius-${Math.random().toString(36).slice(2)}`;
  v.shown = html("output", { class: "ddos-now" });
  v.extend = html("input", { type: "checkbox" });
  v.usual = html("button", { type: "button", class: "ddos-plain" }, "the model's graph");
  v.lines = segments("Lines", [["cutoff", "cutoff weight"], ["attention", "attention"]], (value) => {
    model.set("lines", value);
    model.save_changes();
  });
  v.slider.addEventListener("input", () => v.reCut(Number(v.slider.value), model.get("min_neighbours")));
  // JupyterLab takes the focus back on a mouse press, and the notebook cancels a slider's own keys.
  v.slider.addEventListener("click", () => v.slider.focus({ preventScroll: true }));
  v.slider.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -0.05, ArrowDown: -0.05, ArrowRight: 0.05, ArrowUp: 0.05, PageUp: 0.5, PageDown: -0.5 }[event.key];
    if (!by) return;
    v.reCut(v.radiusAsked.now() + by, model.get("min_neighbours"));
    event.preventDefault();
    event.stopPropagation();
  });
  v.extend.addEventListener("change", () => v.reCut(model.get("radius"), v.extend.checked ? header.usual[1] : 1));
  v.usual.addEventListener("click", () => v.reCut(...header.usual));
  return html("div", { class: "ddos-choices" },
    html("div", { class: "ddos-choice ddos-radius" }, html("label", { for: v.slider.id }, "Cutoff"), v.slider, v.shown),
    html("label", { class: "ddos-choice" }, v.extend, `at least ${header.usual[1]} neighbours`), v.usual,
    ...(header.traced ? [v.lines.node] : []));
}

function buildStage(v) {
  v.canvas = html("canvas", { class: "ddos-graph", tabindex: "0", role: "group", "aria-roledescription": "interactive 3-D view" });
  v.tip = html("div", { class: "ddos-tip", hidden: "" });
  const out = html("button", { type: "button", class: "ddos-plain", "aria-label": "Smaller" }, "−");
  const into = html("button", { type: "button", class: "ddos-plain", "aria-label": "Larger" }, "+");
  out.addEventListener("click", () => v.enlarge(1 / 1.25));
  into.addEventListener("click", () => v.enlarge(1.25));
  const key = html("div", { class: "ddos-keys" });
  for (const { name, colour } of v.header.elements) {
    key.append(html("span", { class: "ddos-key" }, html("span", { class: "ddos-swatch", style: `background:${colour}` }), name));
  }
  key.append(html("span", { class: "ddos-key" }, "pale: atoms of other cells · circle: cutoff"));
  return html("div", { class: "ddos-stage" }, html("div", { class: "ddos-room" }, v.canvas, html("div", { class: "ddos-zoom" }, out, into), v.tip), key);
}

function buildSide(v) {
  v.charts = html("div", { class: "ddos-charts" });
  v.heading = html("div", { class: "ddos-columns", "aria-hidden": "true" });
  const list = html("div", { class: "ddos-neighbours", role: "listbox", "aria-label": "Neighbours" });
  v.rows = neighbourList(list, v.chooseEdge, (k) => v.edges[k] && v.chooseSite(v.edges[k].site));
  return html("div", { class: "ddos-side" }, v.charts, v.heading, list);
}

function buildView(model, el) {
  const header = model.get("header");
  const v = { model, header, edges: [], things: [], rotation: model.get("rotation"), zoom: model.get("zoom") };
  v.labels = header.sites.map((e, i) => `${header.elements[e].name}${i + 1}`);
  addChoices(v);
  v.readout = html("div", { class: "ddos-readout", "aria-live": "polite", role: "status" });
  v.error = html("div", { class: "ddos-error", role: "alert" });
  el.append(html(
    "div",
    // JupyterLab would take the arrow keys for itself otherwise.
    { class: "ddos ddos-graphview", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "ddos-head" }, html("span", { class: "ddos-title" }, header.title)),
    buildControls(v),
    html("div", { class: "ddos-sides" }, buildStage(v), buildSide(v)),
    v.readout, html("div", { class: "ddos-help" }, HELP), v.error,
  ));
  return v;
}
