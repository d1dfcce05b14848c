// Stated against true coverage; on the diagonal the spread tells the size of the error.

const BOX = { left: 44, right: 12, top: 10, bottom: 40, side: 236 };

const percent = (v) => `${Math.round(100 * v)} %`;

function between(xs, ys, x) {
  let i = 1;
  while (i < xs.length - 1 && xs[i] < x) i++;
  const span = xs[i] - xs[i - 1];
  const share = span > 0 ? Math.max(0, Math.min(1, (x - xs[i - 1]) / span)) : 0;
  return ys[i - 1] + share * (ys[i] - ys[i - 1]);
}

// `onFactor` is called with the width of the band a click or drag asks for.
function calibrationPlot({ widths, stated, found, ratio, crystals, bins }, onFactor) {
  const width = BOX.left + BOX.side + BOX.right;
  const height = BOX.top + BOX.side + BOX.bottom;
  const canvas = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", class: "ddos-calibration" });
  const x = (v) => BOX.left + v * BOX.side;
  const y = (v) => BOX.top + (1 - v) * BOX.side;
  const put = (...node) => canvas.appendChild(svg(...node));
  for (const v of [0, 0.25, 0.5, 0.75, 1]) {
    put("line", { class: v ? "ddos-grid" : "ddos-axis", x1: x(0), x2: x(1), y1: y(v), y2: y(v) });
    put("line", { class: v ? "ddos-grid" : "ddos-axis", x1: x(v), x2: x(v), y1: y(0), y2: y(1) });
    put("text", { x: x(v), y: y(0) + 15, "text-anchor": "middle" }, String(100 * v));
    put("text", { x: x(0) - 6, y: y(v) + 4, "text-anchor": "end" }, String(100 * v));
  }
  put("text", { class: "label", x: x(0.5), y: height - 6, "text-anchor": "middle" }, "Stated coverage (%)");
  put("text", { class: "label", x: 11, y: y(0.5), transform: `rotate(-90 11 ${y(0.5)})`, "text-anchor": "middle" }, "True coverage (%)");
  const path = stated.map((s, i) => `${x(s).toFixed(1)} ${y(found[i]).toFixed(1)}`).join("L");
  const last = stated.at(-1);
  put("path", { class: "ddos-off", d: `M${path}L${x(last)} ${y(last)}L${x(0)} ${y(0)}Z` });
  put("line", { class: "ddos-diagonal", x1: x(0), x2: x(1), y1: y(0), y2: y(1) });
  put("text", { class: "ddos-side", x: x(0.94), y: y(0.06), "text-anchor": "end" }, "band too narrow");
  put("text", { class: "ddos-side", x: x(0.06), y: y(0.94) + 6 }, "band too wide");
  put("path", { class: "ddos-found", d: `M${path}` });
  const mark = canvas.appendChild(svg("g"));

  function draw(factor) {
    const [s, f] = [between(widths, stated, factor), between(widths, found, factor)];
    mark.replaceChildren(
      svg("line", { class: "ddos-cursor", x1: x(s), x2: x(s), y1: y(0), y2: y(f) }),
      svg("line", { class: "ddos-cursor", x1: x(0), x2: x(s), y1: y(f), y2: y(f) }),
      svg("circle", { class: "ddos-mark", cx: x(s), cy: y(f), r: 5.5 }),
    );
    words.replaceChildren(
      html("b", {}, `± ${factor.toFixed(2)} σ: ${percent(f)} instead of ${percent(s)}`),
      html("br"),
      `RMS error / RMS spread ${ratio.toFixed(2)} · ${bins.toLocaleString("en")} bins of ${crystals} crystal${crystals > 1 ? "s" : ""}`,
    );
  }

  const words = html("div", { class: "ddos-caption-text" });
  const node = html("div", { class: "ddos-calibrated" }, html("div", { class: "ddos-panel-title" }, "Calibration"), canvas, words);

  let dragging = false;
  const ask = (event) => {
    const box = canvas.getBoundingClientRect();
    const at = (((event.clientX - box.left) / box.width) * width - BOX.left) / BOX.side;
    onFactor(between(stated, widths, Math.max(0, Math.min(1, at))));
  };
  canvas.addEventListener("pointerdown", (event) => {
    dragging = event.button === 0;
    if (!dragging) return;
    canvas.setPointerCapture(event.pointerId);
    ask(event);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => { if (dragging) ask(event); });
  canvas.addEventListener("pointerup", () => { dragging = false; });
  canvas.addEventListener("pointercancel", () => { dragging = false; });
  return { node, draw };
}
