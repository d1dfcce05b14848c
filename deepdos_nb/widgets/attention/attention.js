// Source attention, energy × site, to touch. Plain ESM: no build step, nothing fetched.
// The files attention_*.js stand in front of this one, since a widget is one module.

function drawHeat(v) {
  const { model, size, scroll, heat, over } = v;
  const rows = v.names();
  const tall = rows.length * v.rowHeight();
  scroll.style.height = `${Math.min(tall, TALLEST)}px`;
  paintMap(heat, octets(model.get("weights")), rows.length, v.table);
  heat.style.cssText = `left:${EDGE.left}px;width:${v.inner()}px;height:${tall}px`;
  over.setAttribute("viewBox", `0 0 ${size} ${tall}`);
  over.style.cssText = `width:${size}px;height:${tall}px`;
  v.most.textContent = `${short(model.get("largest"))}  attention, sums to 1 over the ${v.bySite() ? "sites" : "elements"}`;
  paintBar(v.bar, v.table);
}

function drawCurves(v) {
  const frame = { header: v.header, grid: v.grid, x: v.x, left: EDGE.left, right: EDGE.right, width: v.size };
  v.below.style.width = `${v.size}px`;
  v.base = drawPanels(v.below, v.model.get("panels"), floats(v.model.get("curves")), frame);
}

function drawWords(v) {
  const { model, pickers } = v;
  pickers.layer.show(v.layerNow());
  pickers.head.show(model.get("head"));
  pickers.by.show(model.get("by"));
  pickers.colour_by.show(model.get("colour_by"));
  v.readout.textContent = model.get("readout");
  v.map.setAttribute("aria-label", model.get("description_text"));
  v.error.textContent = model.get("error");
}

function drawAll(v) {
  v.table = colourTable(v.model.get("scale"));
  drawHeat(v);
  drawCurves(v);
  drawMarks(v);
  v.shadeTiles(v.table);
  drawWords(v);
}

function render({ model, el }) {
  const v = buildView(model, el);
  addPointer(v);
  addKeys(v);
  // Several traits change together; one repaint per frame is enough.
  let frame = 0;
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => drawAll(v));
  };
  const listen = [
    "change:weights", "change:panels", "change:curves", "change:energy_range", "change:selected_sites", "change:layer",
    "change:head", "change:by", "change:colour_by", "change:readout", "change:description_text", "change:error",
  ];
  for (const name of listen) model.on(name, later);
  const unwatch = watchTheme(later);
  const observer = new ResizeObserver(() => {
    if (!v.scroll.clientWidth) return;
    v.size = v.scroll.clientWidth;
    later();
  });
  observer.observe(v.scroll);
  drawAll(v);
  return () => {
    observer.disconnect();
    unwatch();
    v.saves.stop();
    cancelAnimationFrame(frame);
    for (const name of listen) model.off(name, later);
  };
}

export default { render };
