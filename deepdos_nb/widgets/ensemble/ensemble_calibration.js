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
  const [left, right, bottom] = [BOX.left, BOX.left + BOX.side, BOX.top + BOX.side];
  const x = straight(0, 1, left, right);
  const y = straight(0, 1, bottom, BOX.top);
  const put = (...node) => canvas.appendChild(svg(...node));
  const marks = [0, 0.25, 0.5, 0.75, 1];
  const inPercent = (v) => String(100 * v);
  valueAxis(canvas, { y, left, right, marks: marks.map((v) => [v, inPercent(v)]) });
  lowerAxis(canvas, { x, bottom, top: BOX.top, marks, stroke: 0, drop: 15, text: inPercent });
  lowerTitle(canvas, x(0.5), height - 6, "Stated coverage (%)");
  sideTitle(canvas, 11, y(0.5), "True coverage (%)");
  const path = polyline(stated.map((s, i) => [x(s), y(found[i])]));
  const last = stated.at(-1);
  put("path", { class: "ddos-off", d: `${path}L${x(last)} ${y(last)}L${x(0)} ${y(0)}Z` });
  put("line", { class: "ddos-diagonal", x1: x(0), x2: x(1), y1: y(0), y2: y(1) });
  put("text", { class: "ddos-side", x: x(0.94), y: y(0.06), "text-anchor": "end" }, "band too narrow");
  put("text", { class: "ddos-side", x: x(0.06), y: y(0.94) + 6 }, "band too wide");
  put("path", { class: "ddos-found", d: path });
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
