// What Python computes for a spectrum and its crystal, for pages that have no Python:
// shares of the sites, their colours, and the words about them, from the site densities.

// As Python's format "g" with so many digits, for numbers that are neither huge nor tiny.
const general = (v, digits) => String(Number(v.toPrecision(digits)));

function densities(text, count, bins) {
  const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const all = new Float32Array(raw.buffer);
  return (step, site) => all.subarray((step * count + site) * bins, (step * count + site + 1) * bins);
}

// Keeps `table` (list of sites) and `canvas` (crystal) at what the `plot` shows.
function followSpectrum({ plot, table, canvas }, data) {
  const { labels, symbols, colours, radii, shades, rows, most, chips, gaps } = data;
  const { x: { start, step: width, bins }, xUnit: unit, steps } = plot.get("header");
  const density = densities(data.sites, labels.length, bins);
  const now = () => Math.min(plot.get("step"), steps);
  const put = (model, values) => { for (const [key, value] of Object.entries(values)) model.set(key, value); };

  function shareOf(low, high) {
    const states = labels.map((_, i) => density(now(), i).reduce((sum, v, b) => {
      const energy = start + width * b;
      return energy >= low && energy <= high ? sum + v * width : sum;
    }, 0));
    const all = states.reduce((a, b) => a + b, 0);
    return { all, shares: states.map((v) => (all > 0 ? v / all : 0)) };
  }

  function drawCrystal() {
    const range = plot.get("energy_range");
    const [low, high] = range ?? [start, start + width * (bins - 1)];
    const { all, shares } = shareOf(low, high);
    const largest = Math.max(...shares, 1e-12);
    const paint = labels.map((_, i) => (range ? shades[Math.round((shares[i] / largest) * (shades.length - 1))] : colours[i]));
    const size = radii.map((r, i) => (range ? r * (0.55 + (0.75 * shares[i]) / largest) : r));
    const order = labels.map((_, i) => i);
    if (range) order.sort((a, b) => shares[b] - shares[a]);
    put(table, {
      caption: range
        ? `Share of the ${general(all, 3)} states at ${general(low, 4)} to ${general(high, 4)} ${unit}`
        : `Share of all ${general(all, 4)} states; atoms coloured by element`,
      rows: order.map((i) => ({ site: i, label: labels[i], share: shares[i], colour: paint[i] })),
    });
    put(canvas, { colours: paint, radii: size, tips: labels.map((name, i) => `${name} · ${(100 * shares[i]).toFixed(1)} %`) });
    say(range, shares, all);
  }

  function say(range, shares, all) {
    const parts = steps ? [`Step ${now()} of ${steps}`] : [];
    if (range) {
      const listed = [...new Set(symbols)].map((name) => {
        const own = shares.reduce((sum, v, i) => (symbols[i] === name ? sum + v : sum), 0);
        return `${name} ${(100 * own).toFixed(0)} %`;
      });
      parts.push(`${general(range[0], 4)} to ${general(range[1], 4)} ${unit}: ${general(all, 3)} states (${listed.join(", ")})`);
    } else parts.push("no energies selected");
    plot.set("readout", parts.join(" · "));
  }

  function drawCurves() {
    const shown = plot.get("mode") === "sites" ? rows : [];
    const flat = Float32Array.from(shown.flatMap((row) => [...density(now(), row.sites[0])]));
    put(plot, {
      // Before the rows, which are drawn with them.
      site_curves: new DataView(flat.buffer),
      site_rows: shown,
      chips: chips[now()],
      gap: gaps[now()],
      overlay: table.get("selected_sites").slice(0, most).map((i) => ({ site: i, label: labels[i], element: symbols[i], values: [...density(now(), i)] })),
    });
  }

  for (const model of [plot, table, canvas]) model.alive = true;
  plot.on("change:energy_range change:step", drawCrystal);
  plot.on("change:mode change:step", drawCurves);
  table.on("change:selected_sites", drawCurves);
  drawCrystal();
  drawCurves();
}
