// A seed ensemble to touch. Plain ESM: no build step, nothing fetched.

const SEED = "var(--ddos-one)";
const ERROR = "var(--ddos-miss)";
const WIDEST = 4;
const HELP =
  "Drag over the plot to select energies. With the plot in focus: ← → narrow and widen the band, " +
  "Shift+← → and Shift+↑ ↓ select energies, Esc clears.";

function render({ model, el }) {
  const header = model.get("header");
  const { bins } = header.x;
  const flat = floats(model.get("members"));
  const members = Array.from({ length: flat.length / bins }, (_, k) => flat.subarray(k * bins, (k + 1) * bins));
  const band = floats(model.get("band"));
  const [mean, spread] = [band.subarray(0, bins), band.subarray(bins)];
  const known = floats(model.get("reference"));
  const error = known.length ? mean.map((m, i) => Math.abs(m - known[i])) : null;
  const calibration = model.get("calibration");

  const plot = html("div", { class: "ddos-plot", tabindex: "0", role: "group", "aria-roledescription": "interactive plot" });
  const legend = html("div", { class: "ddos-legend", role: "group", "aria-label": "Legend" });
  const slider = html("input", { type: "range", min: "0", max: String(WIDEST), step: "0.05" });
  slider.id = `ddos-width-${Math.random().toString(36).slice(2)}`;
  const label = html("label", { for: slider.id }, "Width");
  const now = html("span", { class: "ddos-now" });
  const readout = html("div", { class: "ddos-readout", "aria-live": "polite", role: "status" });
  const fault = html("div", { class: "ddos-error", role: "alert" });
  const left = html("div", { class: "ddos-left" }, plot, legend, html("div", { class: "ddos-controls" }, label, slider, now));
  const row = html("div", { class: "ddos-row" }, left);
  const root = html(
    "div",
    // JupyterLab would take the arrow keys for itself otherwise.
    { class: "ddos ddos-ensemble", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "ddos-head" }, html("span", { class: "ddos-title" }, header.title), html("span", { class: "ddos-subtitle" }, header.subtitle)),
    row, readout, html("div", { class: "ddos-help" }, HELP), fault,
  );
  el.append(root);

  const highest = Math.max(...mean.map((m, i) => m + spread[i]), ...known, ...members.map((m) => Math.max(...m)), 1e-12);
  const widest = Math.max(...spread.map((s) => 2 * s), ...(error ?? []), 1e-12);
  const stack = panelStack(plot, header, [
    { name: "curves", title: `Density of states (${header.yUnit})`, height: 210, low: 0, high: highest * 1.06 },
    { name: "errors", title: error ? "Spread of the seeds and |error| in every bin" : "Spread of the seeds in every bin", height: 92, low: 0, high: widest * 1.06 },
  ]);
  const range = stackRange({ model, stack, plot, peak: () => mean.indexOf(Math.max(...mean)) });

  function setFactor(value) {
    model.set("factor", Number(Math.max(0, Math.min(WIDEST, value)).toFixed(3)));
    model.save_changes();
  }
  const chart = calibration.widths ? calibrationPlot(calibration, setFactor) : null;
  if (chart) row.append(chart.node);

  const hidden = () => new Set(model.get("hidden_curves"));
  const entries = [
    { name: "seeds", text: `${header.seeds} seeds`, cls: "ddos-seed" },
    { name: "mean", text: "mean", cls: "ddos-total" },
    { name: "ensemble", text: "mean ± spread", cls: "ddos-none", box: true },
    ...(known.length ? [{ name: header.reference, text: header.reference, cls: "ddos-known" }] : []),
  ];

  function paint() {
    const factor = model.get("factor");
    const off = hidden();
    const { curves, errors } = stack.layers;
    curves.replaceChildren();
    errors.replaceChildren();
    const put = (layer, cls, d, name) => layer.append(svg("path", { class: cls, d, "data-curve": name }));
    if (!off.has("ensemble")) {
      const low = mean.map((m, i) => Math.max(0, m - factor * spread[i]));
      const high = mean.map((m, i) => Math.min(highest * 1.06, m + factor * spread[i]));
      put(curves, "ddos-band", stack.area("curves", low, high), "ensemble");
    }
    if (!off.has("seeds")) for (const m of members) put(curves, "ddos-seed", stack.line("curves", m), "seeds");
    if (!off.has("mean")) put(curves, "ddos-total", stack.line("curves", mean), "mean");
    if (known.length && !off.has(header.reference)) put(curves, "ddos-known", stack.line("curves", known), header.reference);
    const wide = spread.map((s) => Math.min(widest * 1.06, factor * s));
    put(errors, "ddos-band", stack.area("errors", new Float32Array(bins), wide), "spread");
    if (error) put(errors, "ddos-error-line", stack.line("errors", error), "error");
    range.draw();
    slider.value = String(factor);
    const words = `± ${factor.toFixed(2)} spreads`;
    now.textContent = words;
    slider.setAttribute("aria-valuetext", words);
    chart?.draw(factor);
  }

  let before = new Set();
  function drawLegend() {
    const off = hidden();
    const focused = legend.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    legend.replaceChildren(
      ...entries.map(({ name, text, cls, box }) => {
        const icon = svg("svg", { width: 20, height: 10, "aria-hidden": "true" });
        if (box) icon.append(svg("rect", { class: "ddos-band", width: 20, height: 10 }));
        icon.append(svg("line", { class: cls, x1: 0, x2: 20, y1: 5, y2: 5 }));
        const button = html("button", { type: "button", "aria-pressed": String(!off.has(name)), "data-name": name, title: "click: hide or show · double-click or Shift+Enter: only this one" }, icon, text);
        button.addEventListener("click", (event) => {
          // The first click of a double click has already toggled; judge by what was before it.
          if (event.detail < 2) before = hidden();
          const others = entries.map((e) => e.name).filter((n) => n !== name);
          const alone = !before.has(name) && others.every((n) => before.has(n));
          const isolate = event.detail > 1 || event.shiftKey;
          const toggled = [name, ...others].filter((n) => before.has(n) !== (n === name));
          const names = !isolate ? toggled : alone ? [] : others;
          model.set("hidden_curves", hiddenWith(model.get("hidden_curves"), [name, ...others], names));
          model.save_changes();
        });
        return button;
      }),
    );
    if (focused) legend.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  }

  function drawWords() {
    readout.textContent = model.get("readout");
    plot.setAttribute("aria-label", model.get("description_text"));
    fault.textContent = model.get("error");
  }

  function hover(event) {
    const i = stack.binAt(stack.pointerX(event));
    const off = hidden();
    const unit = header.yUnit;
    const rows = [["var(--ddos-ink)", "mean", `${short(mean[i])} ${unit}`], ["var(--ddos-soft)", "spread", `${short(spread[i])} ${unit}`]];
    if (!off.has("seeds")) members.slice(0, 6).forEach((m, k) => rows.push([SEED, `seed ${k + 1}`, `${short(m[i])} ${unit}`]));
    if (known.length) {
      rows.push(["var(--ddos-goal)", header.reference, `${short(known[i])} ${unit}`], [ERROR, "|error|", `${short(error[i])} ${unit}`]);
      if (spread[i] > 0) rows.push(["", "error / spread", (error[i] / spread[i]).toFixed(1)]);
    }
    stack.hover(i, rows);
  }
  stack.canvas.addEventListener("pointermove", hover);

  // JupyterLab takes the focus back on a mouse press; the arrow keys should stay with the slider.
  slider.addEventListener("click", () => slider.focus({ preventScroll: true }));
  slider.addEventListener("input", () => setFactor(Number(slider.value)));
  root.addEventListener("keydown", (event) => {
    const arrow = { ArrowRight: 0.1, ArrowLeft: -0.1, ...(event.target === slider ? { ArrowUp: 0.1, ArrowDown: -0.1 } : {}) }[event.key];
    if (!event.shiftKey && arrow && (event.target === plot || event.target === slider)) setFactor(model.get("factor") + arrow);
    else if (!range.key(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });

  const listen = [
    ["change:factor", paint],
    ["change:hidden_curves", () => { paint(); drawLegend(); }],
    ["change:energy_range", () => range.draw()],
    ["change:readout", drawWords],
    ["change:description_text", drawWords],
    ["change:error", drawWords],
  ];
  for (const [event, handler] of listen) model.on(event, handler);
  const observer = stack.follow(paint);
  drawLegend();
  drawWords();
  return () => {
    observer.disconnect();
    for (const [event, handler] of listen) model.off(event, handler);
  };
}

export default { render };
