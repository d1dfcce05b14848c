// A density of states to touch. Plain ESM: no build step, nothing fetched.

const MARGIN = { left: 58, right: 12, top: 10, bottom: 40 };
// Selected sites share one colour; these tell them apart.
const DASHES = ["none", "7 3", "2 3", "9 3 2 3"];
const PLAY = '<svg viewBox="0 0 12 12" aria-hidden="true"><path d="M2 0l10 6-10 6z"/></svg>';
const PAUSE = '<svg viewBox="0 0 12 12" aria-hidden="true"><path d="M1 0h4v12H1zM7 0h4v12H7z"/></svg>';
const HELP =
  "Drag to select energies, click for one bin. With the plot in focus: ← → step, " +
  "Shift+← → move the range, Shift+↑ ↓ widen or narrow it, space plays, Esc clears.";

function render({ model, el }) {
  const header = model.get("header");
  const { start, step: width, bins } = header.x;
  const stop = start + width * (bins - 1);
  const elements = header.elements;
  const curves = floats(model.get("curves"));
  const band = floats(model.get("band"));
  const mean = band.subarray(0, bins);
  const spread = band.subarray(bins);
  const energy = (i) => start + width * i;
  const row = (k, e) => curves.subarray((k * elements.length + e) * bins, (k * elements.length + e + 1) * bins);
  const rowsAt = (k) => elements.map((_, e) => row(k, e));
  const totals = Array.from({ length: header.steps + 1 }, (_, k) => sum(rowsAt(k), bins));

  // One vertical scale for all steps, so that what moves on the screen has really moved.
  let highest = Math.max(...totals.map((t) => Math.max(...t)), 1e-12);
  for (let i = 0; i < mean.length; i++) highest = Math.max(highest, mean[i] + spread[i]);

  const title = html("span", { class: "ddos-title" }, header.title);
  const modes = html("div", { class: "ddos-modes", role: "group", "aria-label": "Drawn as" });
  const plot = html("div", { class: "ddos-plot", tabindex: "0", role: "group", "aria-roledescription": "interactive plot" });
  const tip = html("div", { class: "ddos-tip", hidden: "" });
  const legend = html("div", { class: "ddos-legend", role: "group", "aria-label": "Legend" });
  const play = html("button", { class: "ddos-play", type: "button" });
  const slider = html("input", { type: "range", min: "0", max: String(header.steps), step: "1" });
  const label = html("label", {}, "Transport step");
  slider.id = `ddos-step-${Math.random().toString(36).slice(2)}`;
  label.htmlFor = slider.id;
  const now = html("span", { class: "ddos-now" });
  const controls = html("div", { class: "ddos-controls" }, play, label, slider, now);
  controls.hidden = header.steps === 0;
  const readout = html("div", { class: "ddos-readout", "aria-live": "polite", role: "status" });
  const error = html("div", { class: "ddos-error", role: "alert" });
  const root = html(
    "div",
    // JupyterLab would take the arrow keys for itself otherwise.
    { class: "ddos ddos-spectrum", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "ddos-head" }, title, html("span", { class: "ddos-subtitle" }, header.subtitle), modes),
    plot, legend, controls, readout, html("div", { class: "ddos-help" }, HELP), error,
  );
  el.append(root);

  const canvas = svg("svg", { "aria-hidden": "true" });
  const layers = Object.fromEntries(
    ["axes", "areas", "lines", "range", "cursor"].map((n) => [n, canvas.appendChild(svg("g"))]),
  );
  plot.append(canvas, tip);

  let size = { width: 600, height: 280 };
  const x = (e) => MARGIN.left + ((e - start) / (stop - start)) * (size.width - MARGIN.left - MARGIN.right);
  const y = (v) => size.height - MARGIN.bottom - (v / (highest * 1.06)) * (size.height - MARGIN.top - MARGIN.bottom);
  const binAt = (px) => {
    const share = (px - MARGIN.left) / (size.width - MARGIN.left - MARGIN.right);
    return Math.max(0, Math.min(bins - 1, Math.round(share * (bins - 1))));
  };
  const line = (values) =>
    "M" + Array.from(values, (v, i) => `${x(energy(i)).toFixed(2)} ${y(v).toFixed(2)}`).join("L");
  const area = (low, high) =>
    line(high) + "L" +
    Array.from(low, (v, i) => `${x(energy(i)).toFixed(2)} ${y(v).toFixed(2)}`).reverse().join("L") + "Z";

  const hidden = () => new Set(model.get("hidden_elements"));
  const current = () => Math.min(model.get("step"), header.steps);

  function drawAxes() {
    const g = layers.axes;
    g.replaceChildren();
    const bottom = size.height - MARGIN.bottom;
    for (const v of ticks(0, highest * 1.06, 5)) {
      g.append(svg("line", { class: v ? "ddos-grid" : "ddos-axis", x1: MARGIN.left, x2: size.width - MARGIN.right, y1: y(v), y2: y(v) }));
      g.append(svg("text", { x: MARGIN.left - 6, y: y(v) + 4, "text-anchor": "end" }, short(v)));
    }
    for (const v of ticks(start, stop, Math.max(3, size.width / 90))) {
      g.append(svg("line", { class: "ddos-axis", x1: x(v), x2: x(v), y1: bottom, y2: bottom + 4 }));
      g.append(svg("text", { x: x(v), y: bottom + 16, "text-anchor": "middle" }, short(v)));
    }
    if (header.zero) {
      g.append(svg("line", { class: "ddos-axis", x1: x(0), x2: x(0), y1: MARGIN.top, y2: bottom, "stroke-dasharray": "2 3" }));
      g.append(svg("text", { x: x(0) + 4, y: MARGIN.top + 8 }, header.zero));
    }
    const middle = (MARGIN.left + size.width - MARGIN.right) / 2;
    g.append(svg("text", { class: "label", x: middle, y: size.height - 6, "text-anchor": "middle" }, `${header.xLabel} (${header.xUnit})`));
    const half = (MARGIN.top + bottom) / 2;
    g.append(svg("text", { class: "label", x: 13, y: half, transform: `rotate(-90 13 ${half})`, "text-anchor": "middle" }, header.yUnit));
  }

  function drawCurves() {
    const k = current();
    const off = hidden();
    const shown = model.get("mode") === "elements";
    layers.areas.replaceChildren();
    layers.lines.replaceChildren();
    let floor = new Float32Array(bins);
    elements.forEach(({ name, colour }, e) => {
      if (!shown || off.has(name)) return;
      const top = sum([floor, row(k, e)], bins);
      layers.areas.append(svg("path", { d: area(floor, top), fill: colour, "fill-opacity": 0.78, "data-element": name }));
      floor = top;
    });
    if (mean.length) {
      const low = mean.map((m, i) => Math.max(0, m - spread[i]));
      const high = mean.map((m, i) => m + spread[i]);
      layers.lines.append(svg("path", { class: "ddos-band", d: area(low, high) }));
      layers.lines.append(svg("path", { class: "ddos-mean", d: line(mean) }));
    }
    if (k > 0) layers.lines.append(svg("path", { class: "ddos-start", d: line(totals[0]) }));
    // With an element hidden the outline is that of what is left, so that the two agree.
    layers.lines.append(svg("path", { class: "ddos-total", d: line(shown && off.size ? floor : totals[k]) }));
    model.get("overlay").forEach(({ values }, i) => {
      layers.lines.append(svg("path", { class: "ddos-site", d: line(values), "stroke-dasharray": DASHES[i % DASHES.length] }));
    });
  }

  function drawRange() {
    layers.range.replaceChildren();
    const range = model.get("energy_range");
    if (!range) return;
    const [a, b] = range.map((v) => x(Math.max(start, Math.min(stop, v))));
    const [top, bottom] = [MARGIN.top, size.height - MARGIN.bottom];
    layers.range.append(svg("rect", { class: "ddos-range", x: a, y: top, width: Math.max(b - a, 2), height: bottom - top }));
    for (const edge of [a, b]) {
      layers.range.append(svg("line", { class: "ddos-edge", x1: edge, x2: edge, y1: top, y2: bottom }));
    }
  }

  function key(cls, text, dash = "") {
    const icon = svg("svg", { width: 20, height: 10 });
    if (cls === "ddos-mean") icon.append(svg("rect", { class: "ddos-band", width: 20, height: 10 }));
    icon.append(svg("line", { class: cls, x1: 0, x2: 20, y1: 5, y2: 5, ...(dash ? { "stroke-dasharray": dash } : {}) }));
    return html("span", { class: "ddos-key" }, icon, text);
  }

  let before = new Set();
  function drawLegend() {
    const off = hidden();
    const focused = legend.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    legend.replaceChildren();
    const names = elements.map((e) => e.name);
    if (model.get("mode") === "elements") {
      for (const { name, colour } of elements) {
        const swatch = html("span", { class: "ddos-swatch", style: `background:${colour}` });
        const button = html("button", { type: "button", "aria-pressed": String(!off.has(name)), title: "click: hide or show · double-click or Shift+Enter: only this one", "data-name": name }, swatch, name);
        button.addEventListener("click", (event) => {
          const isolate = event.detail > 1 || event.shiftKey;
          // The first click of a double click has already toggled; judge by what was before it.
          if (event.detail < 2) before = hidden();
          const others = names.filter((n) => n !== name);
          let off;
          if (!isolate) off = names.filter((n) => before.has(n) !== (n === name));
          else off = !before.has(name) && others.every((n) => before.has(n)) ? [] : others;
          model.set("hidden_elements", off);
          model.save_changes();
        });
        legend.append(button);
        if (focused === name) button.focus();
      }
    }
    const partial = off.size > 0 && model.get("mode") === "elements";
    legend.append(key("ddos-total", partial ? "sum of those shown" : "total"));
    if (header.steps && current() > 0) legend.append(key("ddos-start", "Stage I"));
    if (mean.length) legend.append(key("ddos-mean", "ensemble mean ± 1 σ"));
    model.get("overlay").forEach(({ label: name }, i) => legend.append(key("ddos-site", name, DASHES[i % DASHES.length])));
  }

  function drawModes() {
    modes.replaceChildren();
    for (const [value, text] of [["elements", "Elements"], ["total", "Total"]]) {
      const button = html("button", { type: "button", "aria-pressed": String(model.get("mode") === value) }, text);
      button.addEventListener("click", () => {
        model.set("mode", value);
        model.save_changes();
      });
      modes.append(button);
    }
  }

  function drawStep() {
    const k = current();
    slider.value = String(k);
    const words = k === 0 ? "0: Stage I" : `${k} of ${header.steps}`;
    now.textContent = words;
    slider.setAttribute("aria-valuetext", words);
  }

  function drawPlay() {
    const on = model.get("playing");
    play.innerHTML = on ? PAUSE : PLAY;
    play.setAttribute("aria-label", on ? "Pause" : "Play the transport steps");
  }

  function drawWords() {
    readout.textContent = model.get("readout");
    plot.setAttribute("aria-label", model.get("description_text"));
    error.textContent = model.get("error");
  }

  function drawAll() {
    canvas.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    canvas.style.height = `${size.height}px`;
    drawAxes(); drawCurves(); drawRange(); drawLegend(); drawModes(); drawStep(); drawPlay(); drawWords();
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

  function setStep(k) {
    model.set("step", Math.max(0, Math.min(header.steps, k)));
    model.save_changes();
  }

  function setRange(first, last) {
    const low = Math.max(start, energy(Math.min(first, last)) - width / 2);
    const high = Math.min(stop, energy(Math.max(first, last)) + width / 2);
    model.set("energy_range", [low, high].map((v) => Number(v.toPrecision(8))));
    save();
  }

  function clearRange() {
    model.set("energy_range", null);
    save();
  }

  const rangeBins = () => {
    const range = model.get("energy_range");
    if (!range) return null;
    return [Math.ceil((range[0] - start) / width - 1e-6), Math.floor((range[1] - start) / width + 1e-6)];
  };

  const pointerX = (event) => {
    const box = canvas.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * size.width;
  };

  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const px = pointerX(event);
    drag = { px, anchor: binAt(px), moved: false };
    const range = rangeBins();
    if (range) {
      const [a, b] = model.get("energy_range").map(x);
      if (Math.abs(px - a) < 6) drag.anchor = range[1];
      else if (Math.abs(px - b) < 6) drag.anchor = range[0];
    }
    canvas.setPointerCapture(event.pointerId);
    plot.focus({ preventScroll: true });
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    const px = pointerX(event);
    hover(px);
    if (!drag) return;
    if (Math.abs(px - drag.px) > 4) drag.moved = true;
    if (drag.moved) setRange(drag.anchor, binAt(px));
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const range = rangeBins();
    const bin = binAt(pointerX(event));
    if (!drag.moved) {
      if (range && bin >= range[0] && bin <= range[1]) clearRange();
      else setRange(bin, bin);
    }
    drag = null;
  });
  canvas.addEventListener("pointercancel", () => { drag = null; });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; layers.cursor.replaceChildren(); });

  function hover(px) {
    const i = binAt(px);
    const k = current();
    const at = x(energy(i));
    layers.cursor.replaceChildren(svg("line", { class: "ddos-cursor", x1: at, x2: at, y1: MARGIN.top, y2: size.height - MARGIN.bottom }));
    const table = html("table");
    const put = (colour, name, value) => {
      const swatch = html("span", { class: "ddos-swatch", style: `background:${colour}` });
      table.append(html("tr", {}, html("td", {}, swatch, ` ${name}`), html("td", {}, value)));
    };
    put("var(--ddos-ink)", "total", short(totals[k][i]));
    elements.forEach(({ name, colour }, e) => {
      if (model.get("mode") === "elements" && !hidden().has(name)) put(colour, name, short(row(k, e)[i]));
    });
    for (const { label: name, values } of model.get("overlay")) put("var(--ddos-accent)", name, short(values[i]));
    if (mean.length) put("var(--ddos-soft)", "ensemble", `${short(mean[i])} ± ${short(spread[i])}`);
    tip.replaceChildren(html("b", {}, `${short(energy(i))} ${header.xUnit}`), table, html("span", { class: "ddos-subtitle" }, header.yUnit));
    tip.hidden = false;
    const scale = canvas.getBoundingClientRect().width / size.width;
    const left = at * scale + 14;
    const fits = left + tip.offsetWidth < plot.clientWidth;
    tip.style.transform = `translate(${fits ? left : at * scale - tip.offsetWidth - 14}px, ${MARGIN.top}px)`;
  }

  function moveRange(shift, grow) {
    const range = rangeBins();
    if (!range) {
      const total = totals[current()];
      const peak = total.indexOf(Math.max(...total));
      setRange(peak, peak);
      return;
    }
    let [a, b] = range;
    if (shift > 0 && b >= bins - 1) shift = 0;
    if (shift < 0 && a <= 0) shift = 0;
    a += shift - grow;
    b += shift + grow;
    if (a <= b) setRange(Math.max(0, a), Math.min(bins - 1, b));
  }

  root.addEventListener("keydown", (event) => {
    // The notebook cancels the slider's own arrow keys, so they are handled here for both.
    const stepping = event.target === plot || event.target === slider;
    const arrow = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 1, ArrowDown: -1 }[event.key];
    const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (event.shiftKey && arrow) moveRange(sideways ? arrow : 0, sideways ? 0 : arrow);
    else if (stepping && arrow && (sideways || event.target === slider)) setStep(current() + arrow);
    else if (stepping && event.key === "Home") setStep(0);
    else if (stepping && event.key === "End") setStep(header.steps);
    else if (stepping && event.key === " ") togglePlay();
    else if (event.key === "Escape") clearRange();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  let timer = null;
  function togglePlay() {
    const on = !model.get("playing");
    if (on && current() === header.steps) model.set("step", 0);
    model.set("playing", on);
    model.save_changes();
  }
  function runPlay() {
    clearInterval(timer);
    drawPlay();
    if (!model.get("playing")) return;
    timer = setInterval(() => {
      if (current() + 1 >= header.steps) model.set("playing", false);
      setStep(current() + 1);
    }, 700);
  }
  play.addEventListener("click", togglePlay);
  // JupyterLab takes the focus back on a mouse press; the arrow keys should stay with the slider.
  slider.addEventListener("click", () => slider.focus({ preventScroll: true }));
  slider.addEventListener("input", () => setStep(Number(slider.value)));

  const listen = [
    ["change:step", () => { drawStep(); drawCurves(); drawLegend(); tip.hidden = true; }],
    ["change:energy_range", drawRange],
    ["change:hidden_elements", () => { drawCurves(); drawLegend(); }],
    ["change:mode", () => { drawModes(); drawCurves(); drawLegend(); }],
    ["change:overlay", () => { drawCurves(); drawLegend(); }],
    ["change:playing", runPlay],
    ["change:readout", drawWords],
    ["change:description_text", drawWords],
    ["change:error", drawWords],
  ];
  for (const [event, handler] of listen) model.on(event, handler);

  const observer = new ResizeObserver(() => {
    const available = plot.clientWidth;
    if (!available) return;
    size = { width: available, height: Math.max(250, Math.min(340, available * 0.52)) };
    drawAll();
  });
  observer.observe(plot);
  drawAll();
  runPlay();

  return () => {
    observer.disconnect();
    clearInterval(timer);
    clearTimeout(waiting);
    for (const [event, handler] of listen) model.off(event, handler);
  };
}

export default { render };
