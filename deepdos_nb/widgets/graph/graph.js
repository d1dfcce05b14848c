// The periodic crystal graph, one atom's neighbourhood at a time. Plain ESM: nothing fetched.

const HELP =
  "Drag to turn. Click an atom for its neighbours; click a line, or an atom of another cell, for that edge; " +
  "double-click to go there. With the picture in focus: arrows turn, + − zoom, [ ] walk over the edges, " +
  "Enter goes to the neighbour, Home turns back, Esc lets the edge go.";

function render({ model, el }) {
  const header = model.get("header");
  const labels = header.sites.map((e, i) => `${header.elements[e].name}${i + 1}`);
  const [least, most] = header.limits;

  const slider = html("input", { type: "range", min: String(least), max: String(most), step: "0.05" });
  slider.id = `ddos-radius-${Math.random().toString(36).slice(2)}`;
  const shown = html("output", { class: "ddos-now" });
  const extend = html("input", { type: "checkbox" });
  const usual = html("button", { type: "button", class: "ddos-plain" }, "the model's graph");
  const lines = segments("Lines", [["cutoff", "cutoff weight"], ["attention", "attention"]], (value) => {
    model.set("lines", value);
    model.save_changes();
  });
  const canvas = html("canvas", { class: "ddos-graph", tabindex: "0", role: "group", "aria-roledescription": "interactive 3-D view" });
  const tip = html("div", { class: "ddos-tip", hidden: "" });
  const out = html("button", { type: "button", class: "ddos-plain", "aria-label": "Smaller" }, "−");
  const into = html("button", { type: "button", class: "ddos-plain", "aria-label": "Larger" }, "+");
  const charts = html("div", { class: "ddos-charts" });
  const heading = html("div", { class: "ddos-columns", "aria-hidden": "true" });
  const list = html("div", { class: "ddos-neighbours", role: "listbox", "aria-label": "Neighbours" });
  const key = html("div", { class: "ddos-keys" });
  const readout = html("div", { class: "ddos-readout", "aria-live": "polite", role: "status" });
  const error = html("div", { class: "ddos-error", role: "alert" });
  for (const { name, colour } of header.elements) {
    key.append(html("span", { class: "ddos-key" }, html("span", { class: "ddos-swatch", style: `background:${colour}` }), name));
  }
  key.append(html("span", { class: "ddos-key" }, "pale: atoms of other cells · circle: cutoff"));
  const label = html("label", { for: slider.id }, "Cutoff");
  const root = html(
    "div",
    // JupyterLab would take the arrow keys for itself otherwise.
    { class: "ddos ddos-graphview", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "ddos-head" }, html("span", { class: "ddos-title" }, header.title)),
    html("div", { class: "ddos-choices" },
      html("div", { class: "ddos-choice ddos-radius" }, label, slider, shown),
      html("label", { class: "ddos-choice" }, extend, `at least ${header.usual[1]} neighbours`), usual,
      ...(header.traced ? [lines.node] : [])),
    html("div", { class: "ddos-sides" },
      html("div", { class: "ddos-stage" }, html("div", { class: "ddos-room" }, canvas, html("div", { class: "ddos-zoom" }, out, into), tip), key),
      html("div", { class: "ddos-side" }, charts, heading, list)),
    readout, html("div", { class: "ddos-help" }, HELP), error,
  );
  el.append(root);

  const radiusAsked = stepper(() => model.get("radius"));
  const edgeAsked = stepper(() => model.get("edge"));
  let rotation = model.get("rotation");
  let zoom = model.get("zoom");
  let edges = [];
  let things = [];

  function readEdges() {
    const rows = floats(model.get("neighbours"));
    edges = Array.from({ length: rows.length / 10 }, (_, k) => {
      const r = rows.subarray(10 * k, 10 * k + 10);
      return { site: r[0], image: [...r.subarray(1, 4)], vector: [...r.subarray(4, 7)], distance: r[7], weight: r[8], attention: r[9] };
    });
    rowsOf.fill(edges, labels, header);
    const names = ["", "site", "distance", "cell", "cutoff"];
    if (edges.some((e) => e.attention >= 0)) names.push("attention");
    heading.classList.toggle("ddos-attended", names.length > 5);
    heading.replaceChildren(...names.map((name) => html("span", {}, name)));
  }
  const rowsOf = neighbourList(list, chooseEdge, (k) => edges[k] && chooseSite(edges[k].site));

  function drawScene() {
    if (!canvas.clientWidth) return;
    things = drawGraph(canvas, {
      header, edges, positions: floats(model.get("positions")), site: model.get("site"), edge: model.get("edge"),
      selected: new Set(model.get("selected_sites")), reach: model.get("reach"),
      byAttention: model.get("lines") === "attention" && edges.some((e) => e.attention >= 0),
    }, rotation, zoom);
    // Where things are drawn, for whoever drives the page.
    canvas.things = things;
  }

  function drawAround() {
    const edge = edges[model.get("edge")];
    charts.replaceChildren(
      shellChart(header, model.get("shells"), model.get("reach"), edge ? edge.distance : null),
      degreeChart(model.get("degrees"), edges.length),
      basisChart(header.centres, model.get("basis"), edge ? edge.distance : null),
    );
    rowsOf.mark(model.get("edge"));
    lines.show(model.get("lines"));
    slider.value = String(model.get("radius"));
    shown.textContent = `${model.get("radius").toFixed(2)} Å`;
    slider.setAttribute("aria-valuetext", shown.textContent);
    extend.checked = model.get("min_neighbours") > 1;
    usual.disabled = model.get("radius") === header.usual[0] && model.get("min_neighbours") === header.usual[1];
    canvas.setAttribute("aria-label", model.get("description_text"));
    readout.textContent = model.get("readout");
    error.textContent = model.get("error");
  }

  // Kernel messages are sent at most every 60 ms, and the last one always.
  let waiting = null;
  function save() {
    if (waiting) return;
    waiting = setTimeout(() => {
      waiting = null;
      model.save_changes();
    }, 60);
  }
  function chooseEdge(k) {
    edgeAsked.ask(k);
    model.set("edge", k);
    save();
  }
  function chooseSite(s) {
    if (s === model.get("site")) return;
    edgeAsked.ask(-1);
    model.set("edge", -1);
    model.set("site", s);
    save();
  }
  function turn(across, down) {
    rotation = turned(rotation, across, down);
    drawScene();
  }
  function keepTurn() {
    model.set("rotation", rotation);
    save();
  }
  function enlarge(by) {
    model.set("zoom", Math.max(0.2, Math.min(8, Number((model.get("zoom") * by).toFixed(3)))));
    save();
  }
  function reCut(radius, number) {
    model.set("edge", -1);
    edgeAsked.ask(-1);
    radiusAsked.ask(Number(Math.max(least, Math.min(most, radius)).toFixed(2)));
    model.set("radius", radiusAsked.now());
    model.set("min_neighbours", number);
    save();
  }

  slider.addEventListener("input", () => reCut(Number(slider.value), model.get("min_neighbours")));
  // JupyterLab takes the focus back on a mouse press, and the notebook cancels a slider's own keys.
  slider.addEventListener("click", () => slider.focus({ preventScroll: true }));
  slider.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -0.05, ArrowDown: -0.05, ArrowRight: 0.05, ArrowUp: 0.05, PageUp: 0.5, PageDown: -0.5 }[event.key];
    if (!by) return;
    reCut(radiusAsked.now() + by, model.get("min_neighbours"));
    event.preventDefault();
    event.stopPropagation();
  });
  extend.addEventListener("change", () => reCut(model.get("radius"), extend.checked ? header.usual[1] : 1));
  usual.addEventListener("click", () => reCut(...header.usual));
  out.addEventListener("click", () => enlarge(1 / 1.25));
  into.addEventListener("click", () => enlarge(1.25));

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  function hover(x, y) {
    const thing = thingAt(things, x, y);
    canvas.style.cursor = thing ? "pointer" : "grab";
    tip.hidden = !thing;
    if (!thing) return;
    const edge = edges[thing.edge];
    const words = [html("b", {}, labels[thing.at ? thing.site : edge.site])];
    if (edge) {
      const image = edge.image.join(" ").replaceAll("-", "−");
      words.push(html("div", {}, `${edge.distance.toFixed(3)} Å, cell (${image})`), html("div", {}, `cutoff weight ${edge.weight.toFixed(3)}`));
      if (edge.attention >= 0) words.push(html("div", {}, `attention ${(100 * edge.attention).toFixed(1)} %`));
    } else words.push(html("div", {}, thing.site === model.get("site") ? "its neighbours are shown" : "click: its neighbours"));
    tip.replaceChildren(...words);
    const left = x + 16 + tip.offsetWidth < canvas.clientWidth ? x + 16 : x - tip.offsetWidth - 16;
    tip.style.transform = `translate(${left}px, ${y + 10}px)`;
  }
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const [x, y] = place(event);
    drag = { x, y, from: [x, y], moved: false };
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    if (!drag) return hover(x, y);
    if (Math.hypot(x - drag.from[0], y - drag.from[1]) > 4) drag.moved = true;
    if (drag.moved) turn((x - drag.x) * 0.01, (y - drag.y) * 0.01);
    [drag.x, drag.y] = [x, y];
    tip.hidden = true;
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const thing = drag.moved ? null : thingAt(things, ...place(event));
    if (drag.moved) keepTurn();
    else if (thing && thing.edge >= 0) chooseEdge(thing.edge);
    else if (thing) chooseSite(thing.site);
    else chooseEdge(-1);
    drag = null;
  });
  canvas.addEventListener("dblclick", (event) => {
    const thing = thingAt(things, ...place(event));
    if (thing && thing.edge >= 0) chooseSite(edges[thing.edge].site);
  });
  canvas.addEventListener("pointercancel", () => { drag = null; });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  canvas.addEventListener("keydown", (event) => {
    const arrow = { ArrowLeft: [-0.17, 0], ArrowRight: [0.17, 0], ArrowUp: [0, -0.17], ArrowDown: [0, 0.17] }[event.key];
    const count = edges.length + 1;
    const now = edgeAsked.now();
    if (arrow) turn(...arrow), keepTurn();
    else if (event.key === "+" || event.key === "=") enlarge(1.25);
    else if (event.key === "-" || event.key === "−") enlarge(1 / 1.25);
    else if (event.key === "]" || event.key === "[") chooseEdge(((now + 1 + (event.key === "]" ? 1 : count - 1)) % count) - 1);
    else if (event.key === "Enter" && edges[now]) chooseSite(edges[now].site);
    else if (event.key === "Home") {
      rotation = header.upright;
      drawScene();
      keepTurn();
    } else if (event.key === "Escape") chooseEdge(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // Several traits change together; one repaint per frame is enough.
  let frame = 0;
  let stale = true;
  function drawAll() {
    if (stale) readEdges();
    stale = false;
    drawScene();
    drawAround();
  }
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(drawAll);
  };
  const listen = [
    ["change:neighbours", () => { stale = true; later(); }],
    ["change:rotation", () => { rotation = model.get("rotation"); later(); }],
    ["change:zoom", () => { zoom = model.get("zoom"); later(); }],
    ...[
      "change:site", "change:edge", "change:radius", "change:min_neighbours", "change:reach", "change:lines", "change:shells",
      "change:degrees", "change:basis", "change:selected_sites", "change:readout", "change:description_text", "change:error",
    ].map((name) => [name, later]),
  ];
  for (const [name, handler] of listen) model.on(name, handler);
  const unwatch = watchTheme(later);
  const observer = new ResizeObserver(later);
  observer.observe(canvas);
  drawAll();
  return () => {
    observer.disconnect();
    unwatch();
    clearTimeout(waiting);
    cancelAnimationFrame(frame);
    for (const [name, handler] of listen) model.off(name, handler);
  };
}

export default { render };
