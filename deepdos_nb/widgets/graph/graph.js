// The periodic crystal graph, one atom's neighbourhood at a time. Plain ESM: nothing fetched.
// The files graph_*.js stand in front of this one, since a widget is one module.

function readEdges(v) {
  const { model, heading } = v;
  const rows = floats(model.get("neighbours"));
  v.edges = Array.from({ length: rows.length / 10 }, (_, k) => {
    const r = rows.subarray(10 * k, 10 * k + 10);
    return { site: r[0], image: [...r.subarray(1, 4)], vector: [...r.subarray(4, 7)], distance: r[7], weight: r[8], attention: r[9] };
  });
  v.rows.fill(v.edges, v.labels, v.header);
  const names = ["", "site", "distance", "cell", "cutoff"];
  if (v.edges.some((e) => e.attention >= 0)) names.push("attention");
  heading.classList.toggle("ddos-attended", names.length > 5);
  heading.replaceChildren(...names.map((name) => html("span", {}, name)));
}

function drawScene(v) {
  const { model, canvas, header, edges } = v;
  if (!canvas.clientWidth) return;
  v.things = drawGraph(canvas, {
    header, edges, positions: floats(model.get("positions")), site: model.get("site"), edge: model.get("edge"),
    selected: new Set(model.get("selected_sites")), reach: model.get("reach"),
    byAttention: model.get("lines") === "attention" && edges.some((e) => e.attention >= 0),
  }, v.rotation, v.zoom);
  // Where things are drawn, for whoever drives the page.
  canvas.things = v.things;
}

function drawAround(v) {
  const { model, header } = v;
  const distance = v.edges[model.get("edge")]?.distance ?? null;
  v.charts.replaceChildren(
    shellChart(header, model.get("shells"), model.get("reach"), distance),
    degreeChart(model.get("degrees"), v.edges.length),
    basisChart(header.centres, model.get("basis"), distance),
  );
  v.rows.mark(model.get("edge"));
  v.lines.show(model.get("lines"));
  v.slider.value = String(model.get("radius"));
  v.shown.textContent = `${model.get("radius").toFixed(2)} Å`;
  v.slider.setAttribute("aria-valuetext", v.shown.textContent);
  v.extend.checked = model.get("min_neighbours") > 1;
  v.usual.disabled = model.get("radius") === header.usual[0] && model.get("min_neighbours") === header.usual[1];
  v.canvas.setAttribute("aria-label", model.get("description_text"));
  v.readout.textContent = model.get("readout");
  v.error.textContent = model.get("error");
}

function render({ model, el }) {
  const v = buildView(model, el);
  addPointer(v);
  addKeys(v);
  // Several traits change together; one repaint per frame is enough.
  let frame = 0;
  let stale = true;
  function drawAll() {
    if (stale) readEdges(v);
    stale = false;
    drawScene(v);
    drawAround(v);
  }
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(drawAll);
  };
  const listen = [
    ["change:neighbours", () => { stale = true; later(); }],
    ["change:rotation", () => { v.rotation = model.get("rotation"); later(); }],
    ["change:zoom", () => { v.zoom = model.get("zoom"); later(); }],
    ...[
      "change:site", "change:edge", "change:radius", "change:min_neighbours", "change:reach", "change:lines", "change:shells",
      "change:degrees", "change:basis", "change:selected_sites", "change:readout", "change:description_text", "change:error",
    ].map((name) => [name, later]),
  ];
  for (const [name, handler] of listen) model.on(name, handler);
  const unwatch = watchTheme(later);
  const observer = new ResizeObserver(later);
  observer.observe(v.canvas);
  drawAll();
  return () => {
    observer.disconnect();
    unwatch();
    v.saves.stop();
    cancelAnimationFrame(frame);
    for (const [name, handler] of listen) model.off(name, handler);
  };
}

export default { render };
