// The transport of a prediction, step by step. Plain ESM: no build step, nothing fetched.

const HELP =
  "With the plot in focus: ← → step, space plays, Shift+← → and Shift+↑ ↓ select energies, Esc clears. " +
  "Or drag over the plot, and click names in the legend.";
const LESS = "var(--ddos-less)";
const MORE = "var(--ddos-more)";

function render({ model, el }) {
  const header = model.get("header");
  const { bins, step: width } = header.x;
  const last = header.steps;
  const data = unpack(model, header);
  const goal = floats(model.get("reference"));
  const measures = model.get("measures");
  const goalShare = goal.length ? cumulative(goal) : null;

  const name = html("span", { class: "ddos-title" }, header.title);
  const modes = html("div", { class: "ddos-modes", role: "group", "aria-label": "Colours" });
  const lab = html("button", { class: "ddos-toggle", type: "button" }, "Laboratory");
  const plot = html("div", { class: "ddos-plot", tabindex: "0", role: "group", "aria-roledescription": "interactive plot" });
  const legend = html("div", { class: "ddos-legend", role: "group", "aria-label": "Legend" });
  const cards = html("div", { class: "ddos-cards" });
  const picked = html("div", { class: "ddos-picked" });
  const readout = html("div", { class: "ddos-unseen", "aria-live": "polite", role: "status" });
  const error = html("div", { class: "ddos-error", role: "alert" });
  const steps = player({ model, last: () => last, name: "Transport step", words: (k) => `${k} of ${last}: ${header.names[k]}` });
  const root = html(
    "div",
    // JupyterLab would take the arrow keys for itself otherwise.
    { class: "ddos ddos-tr ddos-transport", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "ddos-head" }, name, html("span", { class: "ddos-subtitle" }, header.subtitle), modes, lab),
    steps.node, cards, plot, legend, picked, readout, html("div", { class: "ddos-help" }, HELP), error,
  );
  el.append(root);

  // One scale for all steps, so that what moves on the screen has really moved.
  const highest = Math.max(...data.totals.map((t) => Math.max(...t)), ...goal, 1e-12);
  let reach = 1e-12;
  for (let k = 1; k <= last; k++) for (let i = 0; i < bins; i++) reach = Math.max(reach, Math.abs(data.totals[k][i] - data.totals[k - 1][i]));
  const stack = panelStack(plot, header, [
    { name: "density", title: `Density of states (${header.yUnit})`, height: 172, low: 0, high: highest * 1.06 },
    { name: "share", title: goalShare ? "Cumulative share of states; the area between is the Wasserstein distance" : "Cumulative share of states", height: 100, low: 0, high: 1, marks: [0, 0.5, 1] },
    { name: "moves", title: "Part of each cell moved: right ▲, left ▼; arrows: how far, on average", height: 104, low: -1, high: 1.7, marks: [-1, 0, 1] },
    { name: "change", title: `Change by this step (${header.yUnit})`, height: 78, low: -reach * 1.1, high: reach * 1.1 },
  ]);
  const range = stackRange({ model, stack, plot, peak: () => data.totals[steps.current()].indexOf(Math.max(...data.totals[steps.current()])) });

  // While playing, the picture runs through the step: p + τ (p' − p) is what τ times the parts move.
  let shown = steps.current();
  let frame = 0;
  function glide() {
    cancelAnimationFrame(frame);
    const to = steps.current();
    const from = shown;
    if (!(to - from > 0 && to - from <= 1 && restless() && root.dataset.playing)) {
      shown = to;
      return paint();
    }
    const begun = performance.now();
    const tick = (now) => {
      const u = Math.min(1, (now - begun) / 520);
      shown = from + (to - from) * u * u * (3 - 2 * u);
      paint();
      if (u < 1) frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
  }

  const hidden = () => new Set(model.get("hidden_elements"));
  const bySite = () => model.get("colour_by") === "site";
  const entries = () => (bySite() ? header.rows : header.elements.map(({ name, colour }) => ({ label: name, element: name, colour })));

  function paint() {
    const k = Math.ceil(shown - 1e-9);
    const part = shown - Math.max(k - 1, 0);
    const layers = bySite() ? data.rows : data.elements;
    const now = (curves) => blend(curves, shown);
    drawDensity(stack, {
      entries: entries(), hidden: hidden(), layers: layers.map(now), total: now(data.totals),
      first: shown > 0 ? data.totals[0] : null, goal, selected: selected() && now(selected()),
    });
    drawShare(stack, { share: now(data.shares), first: shown > 0 && !goalShare ? data.shares[0] : null, goal: goalShare });
    drawMoves(stack, { k, moves: data.moves, before: k ? data.totals[k - 1] : null, stride: header.strides[k - 1], moving: header.moves, width });
    drawChange(stack, { k, before: data.totals[Math.max(k - 1, 0)], after: data.totals[k], part: k ? part : 0 });
    range.draw();
  }

  let chosen = null;
  function selected() {
    if (chosen === null) {
      const flat = floats(model.get("selected"));
      chosen = flat.length ? Array.from({ length: last + 1 }, (_, k) => flat.subarray(k * bins, (k + 1) * bins)) : false;
    }
    return chosen;
  }

  function drawCards() {
    const k = steps.current();
    const { mass, minimum, distance } = measures[k];
    const change = k ? distance - measures[k - 1].distance : 0;
    const better = header.reference && change ? (change < 0 ? ", closer" : ", further away") : "";
    const card = (title, value, unit, note, extra = []) =>
      html("div", { class: "ddos-card" }, html("span", { class: "ddos-name" }, title), html("span", { class: "ddos-value" }, value, html("small", {}, ` ${unit}`)), html("span", { class: "ddos-note" }, note), ...extra);
    cards.replaceChildren(
      card("Mass error", scientific(mass), "of all states", mass < 1e-5 ? "✓ nothing lost" : "✗ states were lost"),
      card("Smallest density", scientific(minimum), header.yUnit, minimum >= 0 ? "✓ nowhere negative" : "✗ negative"),
      card(
        `Wasserstein distance ${header.distanceName}`, scientific(distance), header.xUnit,
        k ? `${signed(change)} ${header.xUnit} in this step${better}` : "before the first step",
        last ? [sparkline(measures.map((m) => m.distance), k)] : [],
      ),
    );
  }

  let before = new Set();
  function drawLegend() {
    const off = hidden();
    const sites = new Set(model.get("selected_sites"));
    const focused = legend.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    legend.replaceChildren();
    const names = header.elements.map((e) => e.name);
    for (const { label, element, colour, sites: own } of entries()) {
      const on = own ? own.every((i) => sites.has(i)) : !off.has(element);
      const hint = own ? "click: select these sites" : "click: hide or show · double-click or Shift+Enter: only this one";
      const button = html("button", { type: "button", class: own ? "ddos-pick" : "", "aria-pressed": String(on), title: hint, "data-name": label }, html("span", { class: "ddos-swatch", style: `background:${colour}` }), label);
      button.addEventListener("click", (event) => {
        if (own) {
          model.set("selected_sites", on ? [...sites].filter((i) => !own.includes(i)) : [...new Set([...sites, ...own])].sort((a, b) => a - b));
        } else {
          // The first click of a double click has already toggled; judge by what was before it.
          if (event.detail < 2) before = hidden();
          const others = names.filter((n) => n !== element);
          const alone = !before.has(element) && others.every((n) => before.has(n));
          if (event.detail > 1 || event.shiftKey) model.set("hidden_elements", alone ? [] : others);
          else model.set("hidden_elements", names.filter((n) => before.has(n) !== (n === element)));
        }
        model.save_changes();
      });
      legend.append(button);
      if (focused === label) button.focus();
    }
    const key = (cls, text) => {
      const icon = svg("svg", { width: 22, height: 10 });
      icon.append(svg("line", { class: cls, x1: 0, x2: 22, y1: 5, y2: 5 }));
      legend.append(html("span", { class: "ddos-key" }, icon, text));
    };
    key("ddos-total", off.size ? "sum of those shown" : "total");
    if (steps.current() > 0) key("ddos-start", header.names[0]);
    if (goal.length) key("ddos-goal", header.reference);
    if (selected()) key("ddos-site", model.get("selected_label"));
  }

  function drawHead() {
    modes.replaceChildren();
    for (const [value, text] of [["element", "Elements"], ["site", "Sites"]]) {
      const button = html("button", { type: "button", "aria-pressed": String(model.get("colour_by") === value) }, text);
      button.addEventListener("click", () => {
        model.set("colour_by", value);
        model.save_changes();
      });
      modes.append(button);
    }
    lab.setAttribute("aria-pressed", String(model.get("laboratory")));
  }

  function drawWords() {
    picked.textContent = model.get("selection");
    readout.textContent = model.get("readout");
    plot.setAttribute("aria-label", model.get("description_text"));
    error.textContent = model.get("error");
  }

  function hover(i) {
    const k = steps.current();
    const off = hidden();
    const layers = bySite() ? data.rows : data.elements;
    const rows = [["", `density (${header.yUnit})`], ["var(--ddos-ink)", "total", scientific(data.totals[k][i])]];
    const parts = entries().map(({ label, element, colour }, e) => [colour, label, element, layers[e][k][i]]).filter(([, , element]) => !off.has(element));
    for (const [colour, label, , v] of parts.slice(0, 8)) rows.push([colour, label, scientific(v)]);
    if (parts.length > 8) rows.push(["", `and ${parts.length - 8} more`, ""]);
    if (selected()) rows.push(["var(--ddos-accent)", model.get("selected_label"), scientific(selected()[k][i])]);
    if (k) rows.push(["", header.names[0], scientific(data.totals[0][i])]);
    if (goal.length) rows.push([header.referenceColour, header.reference, scientific(goal[i])]);
    if (k) {
      const change = data.totals[k][i] - data.totals[k - 1][i];
      rows.push([change < 0 ? LESS : MORE, `by step ${k}`, signed(change)]);
    }
    rows.push(["", "share of all states below"], ["", "left face", `${(100 * data.shares[k][i]).toFixed(1)} %`], ["", "right face", `${(100 * data.shares[k][i + 1]).toFixed(1)} %`]);
    if (k && header.moves) {
      const [l, r] = [data.moves(k - 1, i, 0), data.moves(k - 1, i, 1)];
      const mean = (r - l) * header.strides[k - 1] * width;
      rows.push(["", `moved in step ${k}`]);
      rows.push([LESS, "left", `${(100 * l).toFixed(1)} %`], ["", "stayed", `${(100 * (1 - l - r)).toFixed(1)} %`], [MORE, "right", `${(100 * r).toFixed(1)} %`]);
      rows.push(["", "on average", `${signed(mean)} ${header.xUnit}`]);
    }
    stack.hover(i, rows);
  }

  stack.canvas.addEventListener("pointermove", (event) => hover(stack.binAt(stack.pointerX(event))));
  lab.addEventListener("click", () => {
    model.set("laboratory", !model.get("laboratory"));
    model.save_changes();
  });
  root.addEventListener("keydown", (event) => {
    const stepping = event.target === plot || event.target === steps.slider;
    if (!((stepping || event.key === "Escape") && range.key(event)) && !(stepping && steps.key(event))) return;
    event.preventDefault();
    event.stopPropagation();
  });

  const listen = [
    // The last step of a play arrives together with its end, which must not cut it short.
    ["change:step", () => { glide(); drawCards(); drawLegend(); stack.leave(); }],
    ["change:playing", () => setTimeout(() => { root.dataset.playing = model.get("playing") ? "yes" : ""; })],
    ["change:energy_range", range.draw],
    ["change:hidden_elements", () => { paint(); drawLegend(); }],
    ["change:selected", () => { chosen = null; paint(); drawLegend(); }],
    ["change:selected_sites", drawLegend],
    ["change:selected_label", drawLegend],
    ["change:colour_by", () => { drawHead(); paint(); drawLegend(); }],
    ["change:laboratory", drawHead],
    ["change:readout", drawWords],
    ["change:selection", drawWords],
    ["change:description_text", drawWords],
    ["change:error", drawWords],
  ];
  for (const [event, handler] of listen) model.on(event, handler);
  root.dataset.playing = model.get("playing") ? "yes" : "";
  drawHead();
  drawCards();
  drawLegend();
  drawWords();
  const observer = stack.follow(paint);

  return () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
    steps.stop();
    for (const [event, handler] of listen) model.off(event, handler);
  };
}

export default { render };
