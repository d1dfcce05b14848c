// The transport laboratory: change how states are moved. Plain ESM: no build step, nothing fetched.

const HELP = "With the plot in focus: ← → step, space plays. The letter keys d, f, c choose the flux.";
const TITLE = "Share of all states in each cell (%)";

function render({ model, el }) {
  const header = model.get("header");
  const { bins } = header.x;
  const sizes = [header.mostCourant, header.mostSteps];
  const id = `ddos-lab-${Math.random().toString(36).slice(2)}`;

  // The run that Python has made; taken over as a whole, since its parts arrive one by one.
  let goal, history, made, ways, rows;
  function load() {
    const flat = floats(model.get("history"));
    made = flat.length / bins - 1;
    history = Array.from({ length: made + 1 }, (_, k) => flat.subarray(k * bins, (k + 1) * bins).map((v) => 100 * v));
    const pair = floats(model.get("goal")).map((v) => 100 * v);
    goal = { start: pair.subarray(0, bins), target: pair.subarray(bins) };
    const all = floats(model.get("distances"));
    rows = model.get("table");
    const length = all.length / rows.length;
    ways = rows.map((_, i) => all.subarray(i * length, (i + 1) * length));
    const sound = Math.max(...goal.start, ...goal.target);
    const lowest = Math.min(0, ...history.map((h) => Math.min(...h)));
    const part = stack.part.mass;
    part.low = lowest < -1e-9 ? 1.15 * Math.max(lowest, -0.7 * sound) : -0.02 * sound;
    part.high = 1.12 * Math.min(Math.max(sound, ...history.map((h) => Math.max(...h))), 1.3 * sound);
  }

  const set = (save) => (event) => {
    save(event);
    model.save_changes();
  };
  const group = (name) => html("div", { class: "ddos-modes", role: "group", "aria-label": name });
  const [targets, operators, fluxes] = ["Target", "Operator", "Flux"].map(group);
  const labelled = (text, node, ...more) => html("div", { class: "ddos-set" }, html("span", { class: "ddos-name" }, text), node, ...more);
  const sliderOf = (name, attributes) => html("input", { type: "range", "aria-label": name, ...attributes });
  const courant = sliderOf("Courant number", { class: "ddos-courant", min: "0", max: String(sizes[0]), step: "0.05", list: id });
  const courantNow = html("output", { class: "ddos-now ddos-fast" });
  const count = sliderOf("Number of steps", { class: "ddos-count", min: "1", max: String(sizes[1]), step: "1" });
  const countNow = html("output", { class: "ddos-now" });
  const clip = html("input", { type: "checkbox", id: `${id}-clip` });
  const half = html("span", { class: "ddos-half", style: `left:calc(8px + (100% - 16px) * ${(0.5 / sizes[0]).toFixed(4)})` }, "½");
  const verdict = html("div", { class: "ddos-verdict", "aria-live": "polite", role: "status" });
  const plot = html("div", { class: "ddos-plot", tabindex: "0", role: "group", "aria-roledescription": "interactive plot" });
  const race = html("div", { class: "ddos-race" });
  const table = html("table", { class: "ddos-schemes" });
  const readout = html("div", { class: "ddos-readout" });
  const error = html("div", { class: "ddos-error", role: "alert" });
  const steps = player({ model, last: () => made ?? 0, name: "Step", words: (k) => `${k} of ${made}`, every: 420 });
  const root = html(
    "div",
    // JupyterLab would take the arrow keys for itself otherwise.
    { class: "ddos ddos-tr ddos-lab", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "ddos-head" }, html("span", { class: "ddos-title" }, "Transport laboratory"), html("span", { class: "ddos-subtitle" }, "which ways of moving states keep them non-negative, and which keep them all?")),
    html(
      "div", { class: "ddos-settings" },
      labelled("Target", targets), labelled("Operator", operators), labelled("Flux", fluxes),
      labelled("Courant number |v Δt/ΔE|", html("span", { class: "ddos-scale" }, courant, half), courantNow),
      labelled("Steps", html("span", { class: "ddos-scale ddos-short" }, count), countNow),
      labelled("Repair", html("label", { class: "ddos-clip", for: `${id}-clip` }, clip, "negative masses to zero")),
    ),
    verdict,
    html("div", { class: "ddos-bench" }, html("div", { class: "ddos-left" }, plot, steps.node, readout), html("div", { class: "ddos-right" }, race)),
    table,
    html("div", { class: "ddos-help" }, HELP), error,
  );
  el.append(root);

  const stack = panelStack(plot, header, [{ name: "mass", title: TITLE, height: 230, low: 0, high: 1 }]);
  const hatch = svg("pattern", { id: `${id}-hatch`, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  hatch.append(svg("rect", { class: "ddos-hatch-ground", width: 6, height: 6 }), svg("rect", { class: "ddos-hatch-line", width: 2.4, height: 6 }));
  stack.canvas.prepend(hatch);

  let shown = 0;
  let frame = 0;
  function glide() {
    cancelAnimationFrame(frame);
    const [from, to] = [shown, steps.current()];
    if (!(to - from > 0 && to - from <= 1 && restless() && root.dataset.playing)) {
      shown = to;
      return paint();
    }
    const begun = performance.now();
    const tick = (now) => {
      const u = Math.min(1, (now - begun) / 300);
      shown = from + (to - from) * u;
      paint();
      if (u < 1) frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
  }

  function paint() {
    shown = Math.min(shown, made);
    const k = Math.floor(shown + 1e-9);
    const u = shown - k;
    const values = u < 1e-6 ? history[k] : history[k].map((v, i) => v + u * (history[k + 1][i] - v));
    drawMasses(stack, { values, ...goal, hatch: `url(#${id}-hatch)` });
  }

  function choose(node, key, choices, off = false) {
    node.replaceChildren(
      ...choices.map(({ value, label }) => {
        const button = html("button", { type: "button", "aria-pressed": String(!off && key.now === value), "data-value": value }, label);
        button.disabled = off;
        button.addEventListener("click", () => {
          key.put(value);
          model.save_changes();
          node.querySelector(`[data-value="${value}"]`)?.focus({ preventScroll: true });
        });
        return button;
      }),
    );
  }

  function drawSettings() {
    choose(targets, { now: model.get("target"), put: (v) => model.set("target", v) }, header.targets);
    choose(operators, { now: model.get("operator"), put: (v) => model.set("operator", v) }, header.operators);
    choose(fluxes, { now: model.get("flux"), put: (v) => model.set("flux", v) }, header.fluxes, model.get("operator") === "remap");
    courant.value = String(model.get("courant"));
    courantNow.textContent = model.get("courant").toFixed(2);
    courant.setAttribute("aria-valuetext", `${model.get("courant").toFixed(2)}, ${model.get("courant") > 0.5 ? "above" : "up to"} one half`);
    root.dataset.fast = model.get("courant") > 0.5 ? "yes" : "";
    count.value = String(model.get("steps"));
    countNow.textContent = String(model.get("steps"));
    clip.checked = model.get("clip");
  }

  const chosen = (row) => row.operator === model.get("operator") && (row.operator === "remap" || row.flux === model.get("flux"));

  function drawTable() {
    const focused = table.contains(document.activeElement) ? document.activeElement.dataset.scheme : null;
    const cell = (text, cls = "") => html("td", { class: cls }, text);
    const head = ["", "smallest mass", "mass error", `distance (${header.xUnit})`, "arrives"];
    table.replaceChildren(html("thead", {}, html("tr", {}, ...head.map((t) => html("th", { scope: "col" }, t)))));
    const body = html("tbody");
    for (const [i, row] of rows.entries()) {
      const scheme = `${row.flux} ${row.operator}`;
      const pick = html("button", { type: "button", "data-scheme": scheme, "aria-pressed": String(chosen(row)) }, html("span", { class: "ddos-number", "aria-hidden": "true" }, String(i + 1)), row.label);
      pick.addEventListener("click", set(() => {
        if (row.operator !== "remap") model.set("flux", row.flux);
        model.set("operator", row.operator);
      }));
      const arrives = row.reached !== null ? `${row.reached} steps` : row.broke !== null ? "—" : `not in ${row.made}`;
      const line = html(
        "tr", chosen(row) ? { class: "ddos-chosen" } : {}, html("th", { scope: "row" }, pick),
        cell(row.broke === null ? `✓ ${scientific(100 * row.minimum)} %` : `✗ ${scientific(100 * row.minimum)} %`, row.broke === null ? "" : "ddos-bad"),
        cell(`${row.conserves ? "✓" : "✗"} ${scientific(row.mass)}`, row.conserves ? "" : "ddos-bad"),
        cell(scientific(row.distance)), cell(arrives),
      );
      body.append(line);
      if (focused === scheme) requestAnimationFrame(() => pick.focus({ preventScroll: true }));
    }
    table.append(body);
  }

  const drawRace = () => drawWays(race, { ways, rows, chosen, unit: header.xUnit, step: steps.current() });

  function drawWords() {
    verdict.textContent = model.get("verdict");
    verdict.dataset.broken = model.get("broken") ? "yes" : "";
    readout.textContent = model.get("readout");
    plot.setAttribute("aria-label", model.get("description_text"));
    error.textContent = model.get("error");
  }

  function hover(i) {
    const value = history[Math.min(steps.current(), made)][i];
    const show = (v) => `${scientific(v)} %`;
    stack.hover(i, [
      [value < -1e-10 ? "var(--ddos-more)" : "var(--ddos-less)", value < -1e-10 ? "negative mass" : "mass", show(value)],
      ["", "start", show(goal.start[i])],
      ["var(--ddos-goal)", "target", show(goal.target[i])],
    ], "of all states");
  }

  stack.canvas.addEventListener("pointermove", (event) => hover(stack.binAt(stack.pointerX(event))));
  // Saved at once: the page itself holds back messages while one is on its way.
  function soon() {
    drawSettings();
    model.save_changes();
  }
  const move = (slider, write) => {
    slider.addEventListener("input", () => { write(Number(slider.value)); soon(); });
    slider.addEventListener("click", () => slider.focus({ preventScroll: true }));
  };
  const putCourant = (v) => model.set("courant", Math.min(sizes[0], Math.max(0, Math.round(v * 100) / 100)));
  const putCount = (v) => model.set("steps", Math.min(sizes[1], Math.max(1, Math.round(v))));
  move(courant, putCourant);
  move(count, putCount);
  clip.addEventListener("change", set(() => model.set("clip", clip.checked)));

  root.addEventListener("keydown", (event) => {
    const turn = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const flux = { d: "donor", f: "upwind", c: "central" }[event.key];
    if (turn && event.target === courant) { putCourant(model.get("courant") + 0.05 * turn); soon(); }
    else if (turn && event.target === count) { putCount(model.get("steps") + turn); soon(); }
    else if (flux && event.target === plot) { model.set("flux", flux); model.save_changes(); }
    else if (!((event.target === plot || event.target === steps.slider) && steps.key(event))) return;
    event.preventDefault();
    event.stopPropagation();
  });

  function drawAll() {
    load();
    cancelAnimationFrame(frame);
    shown = steps.current();
    stack.drawFrame();
    paint();
    drawSettings();
    drawTable();
    drawRace();
    steps.draw();
    drawWords();
  }

  // A new run changes many traits; one repaint per frame is enough.
  let next = 0;
  const later = () => {
    cancelAnimationFrame(next);
    next = requestAnimationFrame(drawAll);
  };
  const listen = [
    ["change:step", () => { glide(); stack.leave(); drawRace(); }],
    ["change:playing", () => setTimeout(() => { root.dataset.playing = model.get("playing") ? "yes" : ""; })],
    ["change:readout", drawWords],
    ["change:verdict", later],
    ["change:broken", later],
    ["change:description_text", drawWords],
    ["change:error", drawWords],
    ["change:history", later],
    ["change:goal", later],
    ["change:distances", later],
    ["change:table", later],
    ["change:flux", later],
    ["change:operator", later],
    ["change:target", later],
    ["change:courant", later],
    ["change:steps", later],
    ["change:clip", later],
  ];
  for (const [event, handler] of listen) model.on(event, handler);
  load();
  shown = steps.current();
  drawAll();
  const observer = stack.follow(() => { paint(); drawRace(); });

  return () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
    cancelAnimationFrame(next);
    steps.stop();
    for (const [event, handler] of listen) model.off(event, handler);
  };
}

export default { render };
