// A density of states to touch. Plain ESM: no build step, nothing fetched.
// The files spectrum_*.js stand in front of this one, since a widget is one module.

const PLAY = '<svg viewBox="0 0 12 12" aria-hidden="true"><path d="M2 0l10 6-10 6z"/></svg>';
const PAUSE = '<svg viewBox="0 0 12 12" aria-hidden="true"><path d="M1 0h4v12H1zM7 0h4v12H7z"/></svg>';
const SELECTING = "Drag to select energies, click for one bin. With the plot in focus: ";
const STEPPING = "← → step, Shift+← → move the range, Shift+↑ ↓ widen or narrow it, space plays, Esc clears.";
const MOVING = "Shift+← → move the range, Shift+↑ ↓ widen or narrow it, Esc clears.";

function buildView(model, el) {
  const v = { model, d: readData(model), size: { width: 600, height: 280 }, seen: 280, before: new Set() };
  addScales(v);
  v.title = html("span", { class: "ddos-title" });
  v.subtitle = html("span", { class: "ddos-subtitle" });
  v.modes = html("div", { class: "ddos-modes", role: "group", "aria-label": "Drawn as" });
  v.chips = html("div", { class: "ddos-chips", role: "group", "aria-label": "Errors against the reference" });
  v.plot = html("div", { class: "ddos-plot", tabindex: "0", role: "group", "aria-roledescription": "interactive plot" });
  v.tip = html("div", { class: "ddos-tip", hidden: "" });
  v.legend = html("div", { class: "ddos-legend", role: "group", "aria-label": "Legend" });
  v.play = html("button", { class: "ddos-play", type: "button" });
  v.slider = html("input", { type: "range", min: "0", step: "1" });
  const label = html("label", {}, "Transport step");
  v.slider.id = `ddos-step-${Math.random().toString(36).slice(2)}`;
  label.htmlFor = v.slider.id;
  v.now = html("span", { class: "ddos-now" });
  v.controls = html("div", { class: "ddos-controls" }, v.play, label, v.slider, v.now);
  v.readout = html("div", { class: "ddos-readout", "aria-live": "polite", role: "status" });
  v.notes = html("ul", { class: "ddos-notes" });
  v.help = html("div", { class: "ddos-help" });
  v.error = html("div", { class: "ddos-error", role: "alert" });
  v.root = html(
    "div",
    // JupyterLab would take the arrow keys for itself otherwise.
    { class: "ddos ddos-spectrum", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "ddos-head" }, v.title, v.subtitle, v.modes),
    v.chips, v.plot, v.legend, v.controls, v.readout, html("div", { role: "status" }, v.notes), v.help, v.error,
  );
  v.canvas = svg("svg", { "aria-hidden": "true" });
  v.layers = Object.fromEntries(
    ["axes", "areas", "lines", "range", "cursor", "lower"].map((n) => [n, v.canvas.appendChild(svg("g"))]),
  );
  v.plot.append(v.canvas, v.tip);
  el.append(v.root);
  return v;
}

function drawStep(v) {
  const k = v.step();
  const { steps } = v.d.header;
  v.controls.hidden = steps === 0;
  v.slider.max = String(steps);
  v.slider.value = String(k);
  const words = `${k} of ${steps}: ${v.d.header.names[k]}`;
  v.now.textContent = words;
  v.slider.setAttribute("aria-valuetext", words);
}

function drawPlay(v) {
  const on = v.model.get("playing");
  v.play.innerHTML = on ? PAUSE : PLAY;
  v.play.setAttribute("aria-label", on ? "Pause" : "Play the transport steps");
}

function drawWords(v) {
  const { header } = v.d;
  v.title.textContent = header.title;
  v.subtitle.textContent = header.subtitle;
  v.help.textContent = SELECTING + (header.steps ? STEPPING : MOVING);
  v.readout.textContent = v.model.get("readout");
  v.notes.replaceChildren(...v.model.get("notes").map((note) => html("li", {}, note)));
  v.plot.setAttribute("aria-label", v.model.get("description_text"));
  v.error.textContent = v.model.get("error");
}

function drawAll(v) {
  v.canvas.setAttribute("viewBox", `0 0 ${v.size.width} ${v.size.height}`);
  v.canvas.style.height = `${v.size.height}px`;
  for (const draw of [drawAxes, drawCurves, drawRange, drawLegend, drawModes, drawChips, drawStep, drawPlay, drawWords]) draw(v);
}

function render({ model, el }) {
  const v = buildView(model, el);
  addActions(v);
  addPointer(v);
  addKeys(v);

  // Armed anew by every step, so that two views of this model play no faster than one.
  let timer = null;
  function arm() {
    clearTimeout(timer);
    if (!model.get("playing")) return;
    timer = setTimeout(() => {
      if (v.step() + 1 >= v.d.header.steps) model.set("playing", false);
      v.setStep(v.step() + 1);
    }, 700);
  }
  v.play.addEventListener("click", v.togglePlay);
  // JupyterLab takes the focus back on a mouse press; the arrow keys should stay with the slider.
  v.slider.addEventListener("click", () => v.slider.focus({ preventScroll: true }));
  v.slider.addEventListener("input", () => v.setStep(Number(v.slider.value)));

  // Another crystal changes many traits at once; it is unpacked when all of them are there.
  let frame = 0;
  const reload = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      v.d = readData(model);
      hideHover(v);
      measure(v);
      drawAll(v);
    });
  };
  const curves = () => { drawAxes(v); drawCurves(v); drawLegend(v); };
  const listen = [
    ["change:header", reload],
    ["change:lines", reload],
    ["change:step", () => { drawStep(v); curves(); hideHover(v); arm(); }],
    ["change:energy_range", () => drawRange(v)],
    ["change:hidden_elements", curves],
    ["change:hidden_curves", curves],
    ["change:mode", () => { v.plot.scrollTop = 0; hideHover(v); fit(); }],
    ["change:site_rows", () => fit()],
    ["change:site_curves", curves],
    ["change:overlay", curves],
    ["change:gap", () => drawAxes(v)],
    ["change:chips", () => drawChips(v)],
    ["change:playing", () => { drawPlay(v); arm(); }],
    ["change:readout", () => drawWords(v)],
    ["change:notes", () => drawWords(v)],
    ["change:description_text", () => drawWords(v)],
    ["change:error", () => drawWords(v)],
  ];
  for (const [event, handler] of listen) model.on(event, handler);

  const fit = () => { if (measure(v)) drawAll(v); };
  v.plot.addEventListener("scroll", () => keepAxis(v));
  const observer = new ResizeObserver(fit);
  observer.observe(v.plot);
  drawAll(v);
  arm();

  return () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    for (const [event, handler] of listen) model.off(event, handler);
  };
}

export default { render };
