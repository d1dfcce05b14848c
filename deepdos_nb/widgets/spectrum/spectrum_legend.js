// The legend: a click hides a curve, a double click shows it alone, another brings all back.

function legendIcon({ cls, colour, dash, spread }) {
  const icon = svg("svg", { width: 20, height: 10, "aria-hidden": "true" });
  if (spread) icon.append(svg("rect", { class: "ddos-band", width: 20, height: 10 }));
  icon.append(svg("line", { class: cls, x1: 0, x2: 20, y1: 5, y2: 5, ...strokeOf({ colour, dash }) }));
  return icon;
}

function legendEntries(v) {
  const mode = v.mode();
  const off = v.offElements();
  const entries = [];
  if (mode !== "total") {
    for (const { name, colour } of v.d.elements) {
      entries.push({ kind: "element", name, text: name, icon: html("span", { class: "ddos-swatch", style: `background:${colour}` }) });
    }
  }
  if (mode === "sites") return entries;
  const partial = off.size > 0 && mode === "elements";
  // Total first; behind it what it is compared with.
  const curves = curvesOf(v).sort((a, b) => (b.name === "total") - (a.name === "total"));
  for (const curve of curves) {
    const text = curve.name === "total" && partial ? "sum of those shown" : curve.text;
    entries.push({ kind: "curve", name: curve.name, text, icon: legendIcon(curve) });
  }
  return entries;
}

const keyOf = ({ kind, name }) => `${kind} ${name}`;

function hiddenKeys(v) {
  return new Set([
    ...[...v.offElements()].map((name) => keyOf({ kind: "element", name })),
    ...[...v.offCurves()].map((name) => keyOf({ kind: "curve", name })),
  ]);
}

function drawLegend(v) {
  const { legend, model } = v;
  const focused = legend.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  legend.replaceChildren();
  const entries = legendEntries(v);
  const off = hiddenKeys(v);
  for (const entry of entries) {
    const key = keyOf(entry);
    const button = html(
      "button",
      { type: "button", "aria-pressed": String(!off.has(key)), "data-key": key, "data-name": entry.name, title: "click: hide or show · double-click or Shift+Enter: only this one" },
      entry.icon, entry.text,
    );
    button.addEventListener("click", (event) => {
      const isolate = event.detail > 1 || event.shiftKey;
      // The first click of a double click has already toggled; judge by what was before it.
      if (event.detail < 2) v.before = hiddenKeys(v);
      const others = entries.filter((e) => keyOf(e) !== key);
      const alone = !v.before.has(key) && others.every((e) => v.before.has(keyOf(e)));
      const hide = (e) => {
        if (!isolate) return v.before.has(keyOf(e)) !== (keyOf(e) === key);
        return !alone && keyOf(e) !== key;
      };
      for (const kind of ["element", "curve"]) {
        const mine = entries.filter((e) => e.kind === kind);
        if (!mine.length) continue;
        const names = mine.filter(hide).map((e) => e.name);
        const own = mine.map((e) => e.name);
        if (kind === "element") model.set("hidden_elements", hiddenWith(model.get("hidden_elements"), own, names));
        else model.set("hidden_curves", hiddenWith(model.get("hidden_curves"), own, names));
      }
      model.save_changes();
    });
    legend.append(button);
    if (focused === key) button.focus();
  }
  if (v.mode() === "sites") return;
  model.get("overlay").forEach(({ label }, i) => {
    const dash = DASHES[i % DASHES.length];
    const icon = svg("svg", { width: 20, height: 10, "aria-hidden": "true" });
    icon.append(svg("line", { class: "ddos-site", x1: 0, x2: 20, y1: 5, y2: 5, "stroke-dasharray": dash }));
    legend.append(html("span", { class: "ddos-key" }, icon, label));
  });
}

function drawModes(v) {
  v.modes.replaceChildren();
  v.modes.hidden = !v.d.header.resolved;
  for (const [value, text] of [["elements", "Elements"], ["sites", "Sites"], ["total", "Total"]]) {
    const button = html("button", { type: "button", "aria-pressed": String(v.mode() === value), "data-mode": value }, text);
    button.addEventListener("click", () => {
      v.model.set("mode", value);
      v.model.save_changes();
    });
    v.modes.append(button);
  }
}

function drawChips(v) {
  v.chips.replaceChildren(
    ...v.model.get("chips").map(({ name, value, protocol, words }) =>
      html("span", { class: "ddos-chip", title: words }, html("b", {}, `${name} ${value}`), ` ${protocol}`),
    ),
  );
}
