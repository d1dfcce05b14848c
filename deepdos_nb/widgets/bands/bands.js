// Bands along a path and the states they make, on one upright axis. Plain ESM: nothing fetched.

const FRAME = { left: 58, right: 8, top: 10, bottom: 40 };
const HEIGHT = 330;
const HELP =
  "Click a band to choose a state. Drag over the density to select energies. With the plot in focus: " +
  "← → walk along the path, ↑ ↓ change the band, Shift+↑ ↓ widen or narrow the range, Shift+← → move it, Esc clears.";

function render({ model, el }) {
  const header = model.get("header");
  const grid = energyGrid(header.x);
  const distance = floats(model.get("distance"));
  const flat = floats(model.get("bands"));
  const n = distance.length;
  const bands = Array.from({ length: flat.length / n }, (_, b) => flat.subarray(b * n, (b + 1) * n));
  const density = floats(model.get("density"));
  const rows = header.elements.map((_, e) => density.subarray(e * grid.bins, (e + 1) * grid.bins));
  const total = sum(rows, grid.bins);
  const [low, high] = header.limits;

  const path = html("div", { class: "ddos-path" });
  const states = html("div", { class: "ddos-states" });
  const panels = html("div", { class: "ddos-panels", tabindex: "0", role: "group", "aria-roledescription": "interactive plot" }, path, states);
  const readout = html("div", { class: "ddos-readout", "aria-live": "polite", role: "status" });
  const fault = html("div", { class: "ddos-error", role: "alert" });
  el.append(html(
    "div",
    // JupyterLab would take the arrow keys for itself otherwise.
    { class: "ddos ddos-bands", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "ddos-head" }, html("span", { class: "ddos-title" }, header.title), html("span", { class: "ddos-subtitle" }, header.subtitle)),
    panels, readout, html("div", { class: "ddos-help" }, HELP), fault,
  ));
  const [left, right] = [path, states].map((place) => {
    const canvas = place.appendChild(svg("svg", { "aria-hidden": "true" }));
    canvas.style.height = `${HEIGHT}px`;
    const layers = Object.fromEntries(["range", "frame", "curves", "over"].map((name) => [name, canvas.appendChild(svg("g"))]));
    return { place, canvas, layers, width: 0 };
  });

  const bottom = HEIGHT - FRAME.bottom;
  const y = (e) => straight(low, high, bottom, FRAME.top)(e);
  const energyAt = (py) => low + ((bottom - py) / (bottom - FRAME.top)) * (high - low);
  const x = (d) => straight(distance[0], distance[n - 1], FRAME.left, left.width - FRAME.right)(d);
  const inside = (e) => e >= low && e <= high;
  const chosen = () => model.get("chosen");

  function clip(panel, from) {
    const id = `ddos-clip-${Math.random().toString(36).slice(2)}`;
    const shape = svg("clipPath", { id });
    shape.append(svg("rect", { x: from, y: FRAME.top, width: Math.max(panel.width - from - FRAME.right, 1), height: bottom - FRAME.top }));
    panel.layers.frame.append(shape);
    panel.layers.curves.setAttribute("clip-path", `url(#${id})`);
  }

  function drawFrame(panel, from, numbers) {
    panel.canvas.setAttribute("viewBox", `0 0 ${panel.width} ${HEIGHT}`);
    const g = panel.layers.frame;
    g.replaceChildren();
    clip(panel, from);
    valueAxis(g, { y, left: from, right: panel.width - FRAME.right, marks: ticks(low, high, 6), gap: 7, numbers });
    if (header.zero) g.append(svg("line", { class: "ddos-zero", x1: from, x2: panel.width - FRAME.right, y1: y(0), y2: y(0) }));
  }

  // A line must not pretend that bands run on where the path jumps.
  function pieces(values) {
    const parts = [[]];
    values.forEach((e, i) => {
      if (i && distance[i] <= distance[i - 1]) parts.push([]);
      parts[parts.length - 1].push([x(distance[i]), y(e)]);
    });
    return parts.filter((p) => p.length).map(polyline).join("");
  }

  function drawPath() {
    if (!left.width) return;
    drawFrame(left, FRAME.left, true);
    const g = left.layers.frame;
    for (const [at, name] of header.corners) {
      g.append(svg("line", { class: "ddos-axis", x1: x(at), x2: x(at), y1: FRAME.top, y2: bottom }));
      g.append(svg("text", { x: x(at), y: bottom + 16, "text-anchor": "middle" }, name));
    }
    sideTitle(g, 13, (FRAME.top + bottom) / 2, `${header.xLabel} (${header.xUnit})`);
    lowerTitle(g, (FRAME.left + left.width) / 2, HEIGHT - 6, "Wave vector");
    const [, on] = chosen();
    left.layers.curves.replaceChildren(
      ...bands.map((values, b) => svg("path", { class: b === on ? "ddos-line-on" : "ddos-line", d: pieces(Array.from(values)), "data-band": b })),
    );
    drawChosen();
  }

  function drawChosen() {
    const [point, band] = chosen();
    left.layers.over.replaceChildren();
    if (point === undefined || !left.width) return;
    const e = bands[band][point];
    if (inside(e)) left.layers.over.append(svg("circle", { class: "ddos-dot", cx: x(distance[point]), cy: y(e), r: 6 }));
  }

  function drawStates() {
    if (!right.width) return;
    drawFrame(right, 4, false);
    const most = Math.max(...total, 1e-12);
    const across = straight(0, most * 1.06, 4, right.width - FRAME.right);
    const points = (values) => Array.from(values, (v, i) => [across(v), y(grid.energy(i))]);
    let floor = new Float32Array(grid.bins);
    const areas = header.elements.map(({ name, colour }, e) => {
      const top = sum([floor, rows[e]], grid.bins);
      const d = `${polyline([...points(top), ...points(floor).reverse()])}Z`;
      floor = top;
      return svg("path", { d, fill: colour, "fill-opacity": 0.7, "data-element": name });
    });
    right.layers.curves.replaceChildren(...areas, svg("path", { class: "ddos-sum", d: polyline(points(total)) }));
    lowerTitle(right.layers.frame, right.width / 2, HEIGHT - 20, "Density of states");
    lowerTitle(right.layers.frame, right.width / 2, HEIGHT - 6, `(${header.yUnit})`);
  }

  function drawRange() {
    const range = model.get("energy_range");
    for (const [panel, from] of [[left, FRAME.left], [right, 4]]) {
      panel.layers.range.replaceChildren();
      if (!range) continue;
      const [a, b] = range.map((e) => y(Math.max(low, Math.min(high, e))));
      panel.layers.range.append(svg("rect", { class: "ddos-range", x: from, y: b, width: Math.max(panel.width - from - FRAME.right, 1), height: Math.max(a - b, 2) }));
    }
  }

  function choose(point, band) {
    model.set("chosen", [point, band]);
    model.save_changes();
  }

  // The state nearest to a place on the picture.
  function nearest(px, py) {
    let best = [Infinity, 0, 0];
    bands.forEach((values, b) => {
      for (let i = 0; i < n; i++) {
        if (!inside(values[i])) continue;
        const far = Math.hypot(x(distance[i]) - px, y(values[i]) - py);
        if (far < best[0]) best = [far, i, b];
      }
    });
    return best;
  }
  const placeOn = (canvas, event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  left.canvas.addEventListener("pointermove", (event) => {
    drawChosen();
    const [far, point, band] = nearest(...placeOn(left.canvas, event));
    if (far > 24) return;
    left.layers.over.append(svg("circle", { class: "ddos-dot-near", cx: x(distance[point]), cy: y(bands[band][point]), r: 5 }));
  });
  left.canvas.addEventListener("pointerleave", drawChosen);
  left.canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const [far, point, band] = nearest(...placeOn(left.canvas, event));
    panels.focus({ preventScroll: true });
    event.preventDefault();
    if (far <= 24) choose(point, band);
  });

  const binAt = (py) => Math.max(0, Math.min(grid.bins - 1, Math.round((energyAt(py) - grid.start) / grid.step)));
  const picker = rangePicker({
    model, plot: panels, canvas: right.canvas, grid: () => grid, x: y, binAt,
    pointerX: (event) => placeOn(right.canvas, event)[1],
    peak: () => total.indexOf(Math.max(...total)),
  });
  panels.addEventListener("keydown", (event) => {
    const walk = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!event.shiftKey && walk) {
      const [point = 0, band = 0] = chosen();
      choose(Math.max(0, Math.min(n - 1, point + walk[0])), Math.max(0, Math.min(bands.length - 1, band + walk[1])));
    } else if (!picker.key(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });

  function drawWords() {
    panels.setAttribute("aria-label", model.get("description_text"));
    readout.textContent = model.get("readout");
    fault.textContent = model.get("error");
  }
  const observer = new ResizeObserver(() => {
    for (const panel of [left, right]) panel.width = panel.place.clientWidth;
    drawPath();
    drawStates();
    drawRange();
  });
  observer.observe(panels);

  const listen = [
    ["change:chosen", drawPath],
    ["change:energy_range", drawRange],
    ["change:readout", drawWords],
    ["change:description_text", drawWords],
    ["change:error", drawWords],
  ];
  for (const [event, handler] of listen) model.on(event, handler);
  drawWords();
  return () => {
    observer.disconnect();
    for (const [event, handler] of listen) model.off(event, handler);
  };
}

export default { render };
