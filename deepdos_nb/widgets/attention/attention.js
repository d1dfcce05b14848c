// Source attention, energy × site, to touch. Plain ESM: no build step, nothing fetched.

const EDGE = { left: 64, right: 12 };
const TALLEST = 300;
const HELP =
  "Drag to select energies, click for one bin, click a name to select its site. With the map in focus: " +
  "arrows move the cursor, Shift+← → select and extend, Enter selects the row, [ ] change the head, comma and period the layer, Esc clears.";
const LESSON =
  "Attention tells which atoms an energy looked at, not who owns its states: " +
  "attention × total would then lie on the prediction.";

function render({ model, el }) {
  const header = model.get("header");
  const { start, step: width, bins } = header.x;
  const stop = start + width * (bins - 1);
  const energy = (i) => start + width * i;
  const labels = header.sites.map((e, i) => `${header.elements[e].name}${i + 1}`);
  const bySite = () => model.get("by") === "site";
  const names = () => (bySite() ? labels : header.elements.map((e) => e.name));
  const sitesOf = (r) => (bySite() ? [r] : header.sites.flatMap((e, i) => (e === r ? [i] : [])));
  const layerNow = () => (model.get("layer") < 0 ? model.get("layer") + header.layers : model.get("layer"));

  function chooseRange(range) {
    model.set("energy_range", range);
    save();
  }
  function chooseSites(sites) {
    model.set("selected_sites", sites);
    save();
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

  const heads = [[-1, "mean"], ...Array.from({ length: header.heads }, (_, h) => [h, String(h + 1)])];
  const pickers = {
    layer: segments("Layer", Array.from({ length: header.layers }, (_, i) => [i, String(i + 1)]), (v) => setChoice("layer", v)),
    head: segments("Head", heads, (v) => setChoice("head", v)),
    by: segments("Rows", [["site", "sites"], ["element", "elements"]], (v) => setChoice("by", v)),
    colour_by: segments("Atoms by", [["attention", "attention"], ["states", "states"]], (v) => setChoice("colour_by", v)),
  };
  const asked = { layer: stepper(layerNow), head: stepper(() => model.get("head")) };
  function setChoice(name, value) {
    asked[name]?.ask(value);
    if (name === "layer") model.set("layer", value);
    else if (name === "head") model.set("head", value);
    else if (name === "by") model.set("by", value);
    else model.set("colour_by", value);
    model.save_changes();
  }

  const map = html("div", { class: "ddos-map", tabindex: "0", role: "group", "aria-roledescription": "interactive heat map" });
  const scroll = html("div", { class: "ddos-scroll" });
  const heat = html("canvas", { class: "ddos-heat", "aria-hidden": "true" });
  const over = svg("svg", { class: "ddos-over", "aria-hidden": "true" });
  const below = svg("svg", { class: "ddos-panels", "aria-hidden": "true" });
  const tip = html("div", { class: "ddos-tip", hidden: "" });
  const bar = html("canvas", { class: "ddos-bar", "aria-hidden": "true" });
  const most = html("span", {});
  const tiles = html("div", { class: "ddos-tiles", role: "group", "aria-label": "All layers and heads" });
  const readout = html("div", { class: "ddos-readout", "aria-live": "polite", role: "status" });
  const error = html("div", { class: "ddos-error", role: "alert" });
  scroll.append(heat, over);
  map.append(scroll, below, tip);
  const root = html(
    "div",
    // JupyterLab would take the arrow keys for itself otherwise.
    { class: "ddos ddos-attention", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "ddos-head" }, html("span", { class: "ddos-title" }, header.title)),
    html("div", { class: "ddos-choices" }, ...Object.values(pickers).map((p) => p.node)),
    html("div", { class: "ddos-keys" }, "0", bar, most),
    map, curveKey(header), readout,
    html("div", { class: "ddos-lesson" }, LESSON), tiles, html("div", { class: "ddos-help" }, HELP), error,
  );
  el.append(root);

  let size = 600;
  let base = 0;
  let table = colourTable(model.get("scale"));
  const inner = () => size - EDGE.left - EDGE.right;
  const x = (e) => EDGE.left + ((e - start) / width + 0.5) * (inner() / bins);
  const binAt = (px) => Math.max(0, Math.min(bins - 1, Math.floor(((px - EDGE.left) / inner()) * bins)));
  const rowHeight = () => Math.max(9, Math.min(30, 230 / names().length));

  function drawHeat() {
    const rows = names();
    const tall = rows.length * rowHeight();
    scroll.style.height = `${Math.min(tall, TALLEST)}px`;
    paintMap(heat, octets(model.get("weights")), rows.length, table);
    heat.style.cssText = `left:${EDGE.left}px;width:${inner()}px;height:${tall}px`;
    over.setAttribute("viewBox", `0 0 ${size} ${tall}`);
    over.style.cssText = `width:${size}px;height:${tall}px`;
    most.textContent = `${short(model.get("largest"))}  attention, sums to 1 over the ${bySite() ? "sites" : "elements"}`;
    paintBar(bar, table);
    drawMarks();
  }

  function drawCurves() {
    const frame = { header, x, left: EDGE.left, right: EDGE.right, width: size };
    below.style.width = `${size}px`;
    base = drawPanels(below, model.get("panels"), floats(model.get("curves")), frame);
    drawMarks();
  }

  // What is selected and where the cursor is, over both map and curves.
  let cursor = null;
  function drawMarks() {
    const rows = names();
    const each = rowHeight();
    const tall = rows.length * each;
    const chosen = new Set(model.get("selected_sites"));
    over.replaceChildren();
    const marks = below.querySelector(".ddos-marks");
    marks?.replaceChildren();
    const range = model.get("energy_range");
    for (const [layer, height] of [[over, tall], [marks, base]]) {
      if (!layer) continue;
      if (range) {
        const [a, b] = range.map((v) => x(Math.max(start - width / 2, Math.min(stop + width / 2, v))));
        // The map keeps its colours: what is outside the range is veiled instead.
        if (layer === over) {
          layer.append(svg("rect", { class: "ddos-veil", x: EDGE.left, y: 0, width: Math.max(a - EDGE.left, 0), height }));
          layer.append(svg("rect", { class: "ddos-veil", x: b, y: 0, width: Math.max(size - EDGE.right - b, 0), height }));
        } else layer.append(svg("rect", { class: "ddos-range", x: a, y: 0, width: Math.max(b - a, 2), height }));
        for (const edge of [a, b]) layer.append(svg("line", { class: "ddos-edge", x1: edge, x2: edge, y1: 0, y2: height }));
      }
      if (cursor) layer.append(svg("line", { class: "ddos-cursor", x1: x(energy(cursor.bin)), x2: x(energy(cursor.bin)), y1: 0, y2: height }));
    }
    const every = Math.ceil(11 / each);
    const whole = rows.map((_, r) => sitesOf(r).every((i) => chosen.has(i)));
    rows.forEach((name, r) => {
      const on = whole[r];
      if (on) over.append(svg("rect", { class: "ddos-frame", x: EDGE.left, y: r * each, width: inner(), height: each }));
      // Names of selected rows are always there, and their neighbours make room.
      if (!on && cursor?.row !== r && (r % every || (every > 1 && (whole[r - 1] || whole[r + 1])))) return;
      over.append(svg("text", { class: on ? "ddos-chosen" : "", x: EDGE.left - 8, y: (r + 0.5) * each + 4, "text-anchor": "end" }, name));
    });
    if (cursor) over.append(svg("rect", { class: "ddos-cell", x: x(energy(cursor.bin)) - inner() / bins / 2, y: cursor.row * each, width: inner() / bins, height: each }));
  }

  function weightAt(bin, row) {
    const cells = octets(model.get("weights"));
    const columns = cells.length / names().length;
    return weightOf(cells[row * columns + Math.floor(bin / Math.ceil(bins / columns))]) * model.get("largest");
  }

  function showTip(bin, row) {
    const grid = html("table");
    const line = (paint, name, value) => {
      const swatch = html("span", { class: "ddos-swatch", style: `background:${paint}` });
      grid.append(html("tr", {}, html("td", {}, swatch, ` ${name}`), html("td", {}, value)));
    };
    if (row !== null) {
      line("var(--ddos-accent)", `attention to ${names()[row]}`, `${(100 * weightAt(bin, row)).toFixed(1)} %`);
      line("transparent", "an equal share", `${((100 * sitesOf(row).length) / labels.length).toFixed(1)} %`);
    } else {
      const values = floats(model.get("curves"));
      model.get("panels").forEach(({ label, colour, known }, p) => {
        const at = (which) => short(values[(3 * p + which) * bins + bin]);
        line(colour, label, `${at(0)}  (${at(1)}${known ? `; ${at(2)}` : ""})`);
      });
      line("transparent", "in brackets", `attention × total${header.reference ? `; ${header.reference}` : ""}`);
    }
    tip.replaceChildren(html("b", {}, `${short(energy(bin))} ${header.xUnit}`), grid);
    tip.hidden = false;
    const at = x(energy(bin));
    const left = at + 14 + tip.offsetWidth < size ? at + 14 : at - tip.offsetWidth - 14;
    const top = row === null ? scroll.offsetHeight : Math.max(0, (row + 1) * rowHeight() - scroll.scrollTop + 4);
    tip.style.transform = `translate(${left}px, ${top}px)`;
  }

  const shadeTiles = buildTiles(model, header, tiles, setChoice);

  function drawWords() {
    pickers.layer.show(layerNow());
    pickers.head.show(model.get("head"));
    pickers.by.show(model.get("by"));
    pickers.colour_by.show(model.get("colour_by"));
    readout.textContent = model.get("readout");
    map.setAttribute("aria-label", model.get("description_text"));
    error.textContent = model.get("error");
  }

  function setRange(first, last) {
    const low = Math.max(start, energy(Math.min(first, last)) - width / 2);
    const high = Math.min(stop, energy(Math.max(first, last)) + width / 2);
    chooseRange([low, high].map((v) => Number(v.toPrecision(8))));
  }
  const rangeBins = () => {
    const range = model.get("energy_range");
    return range && [Math.ceil((range[0] - start) / width - 1e-6), Math.floor((range[1] - start) / width + 1e-6)];
  };
  function toggleRow(row) {
    const sites = sitesOf(row);
    const now = model.get("selected_sites");
    const rest = now.filter((i) => !sites.includes(i));
    chooseSites(sites.every((i) => now.includes(i)) ? rest : [...rest, ...sites].sort((a, b) => a - b));
  }

  const place = (event) => {
    const px = event.clientX - map.getBoundingClientRect().left;
    const inside = event.currentTarget === scroll;
    const py = event.clientY - scroll.getBoundingClientRect().top + scroll.scrollTop;
    const row = Math.max(0, Math.min(names().length - 1, Math.floor(py / rowHeight())));
    return { px, bin: binAt(px), row: inside ? row : null };
  };
  let drag = null;
  for (const area of [scroll, below]) {
    area.addEventListener("pointerdown", (event) => {
      const { px, bin, row } = place(event);
      if (event.button !== 0 || px > size) return;
      drag = { px, anchor: bin, row, moved: false };
      if (px >= EDGE.left) {
        const range = model.get("energy_range");
        if (range && Math.abs(px - x(range[0])) < 6) drag.anchor = rangeBins()[1];
        else if (range && Math.abs(px - x(range[1])) < 6) drag.anchor = rangeBins()[0];
        area.setPointerCapture(event.pointerId);
      }
      map.focus({ preventScroll: true });
      event.preventDefault();
    });
    area.addEventListener("pointermove", (event) => {
      const { px, bin, row } = place(event);
      if (px >= EDGE.left) showTip(bin, row);
      if (!drag || drag.px < EDGE.left) return;
      if (Math.abs(px - drag.px) > 4) drag.moved = true;
      if (drag.moved) setRange(drag.anchor, bin);
    });
    area.addEventListener("pointerup", (event) => {
      if (!drag) return;
      const { bin } = place(event);
      const range = rangeBins();
      if (drag.px < EDGE.left) {
        if (drag.row !== null) toggleRow(drag.row);
      } else if (!drag.moved) {
        if (range && bin >= range[0] && bin <= range[1]) chooseRange(null);
        else setRange(bin, bin);
      }
      drag = null;
    });
    area.addEventListener("pointercancel", () => { drag = null; });
    area.addEventListener("pointerleave", () => { if (!cursor) tip.hidden = true; });
  }

  function moveCursor(dx, dy, extend) {
    const range = rangeBins();
    cursor ??= { bin: range ? range[1] : bins >> 1, row: 0, anchor: null };
    if (!extend) cursor.anchor = null;
    else cursor.anchor ??= cursor.bin;
    cursor.bin = Math.max(0, Math.min(bins - 1, cursor.bin + dx));
    cursor.row = Math.max(0, Math.min(names().length - 1, cursor.row + dy));
    if (extend) setRange(cursor.anchor, cursor.bin);
    const each = rowHeight();
    scroll.scrollTop = Math.max(Math.min(scroll.scrollTop, cursor.row * each), (cursor.row + 1) * each - scroll.clientHeight);
    drawMarks();
    showTip(cursor.bin, cursor.row);
  }

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], PageUp: [-10, 0], PageDown: [10, 0], Home: [-bins, 0], End: [bins, 0] };
  map.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    const turn = (name, now, by, low, count) => setChoice(name, low + ((now - low + by + count) % count));
    if (arrow) moveCursor(...arrow, event.shiftKey && arrow[0] !== 0);
    else if (event.key === "[" || event.key === "]") turn("head", asked.head.now(), event.key === "]" ? 1 : -1, -1, header.heads + 1);
    else if (event.key === "," || event.key === ".") turn("layer", asked.layer.now(), event.key === "." ? 1 : -1, 0, header.layers);
    else if (event.key === "Enter" || event.key === " ") toggleRow((cursor ??= { bin: 0, row: 0, anchor: null }).row);
    else if (event.key === "Escape") {
      cursor = null;
      tip.hidden = true;
      chooseRange(null);
      chooseSites([]);
      drawMarks();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function drawAll() {
    table = colourTable(model.get("scale"));
    drawHeat(); drawCurves(); shadeTiles(table); drawWords();
  }
  // Several traits change together; one repaint per frame is enough.
  let frame = 0;
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(drawAll);
  };
  const listen = [
    "change:weights", "change:panels", "change:curves", "change:energy_range", "change:selected_sites", "change:layer",
    "change:head", "change:by", "change:colour_by", "change:readout", "change:description_text", "change:error",
  ];
  for (const name of listen) model.on(name, later);
  const unwatch = watchTheme(later);
  const observer = new ResizeObserver(() => {
    if (!scroll.clientWidth) return;
    size = scroll.clientWidth;
    later();
  });
  observer.observe(scroll);
  drawAll();
  return () => {
    observer.disconnect();
    unwatch();
    clearTimeout(waiting);
    cancelAnimationFrame(frame);
    for (const name of listen) model.off(name, later);
  };
}

export default { render };
