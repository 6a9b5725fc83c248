"use strict";
// Draws the curves, and makes the switches work. The numbers are in #content, as `curves.content` in Python puts them:
// values by the place of the layer and of the network, along `epochs`. Names are only ever set as text.
(() => {
  const data = JSON.parse(document.getElementById("content").textContent);
  const by = (id) => document.getElementById(id);
  const off = new Set(); // switches that are off, as "layer:0"
  const MINOR = new Set(["dead_units", "ties", "target_ties", "constant", "infinite"]); // told in the table
  const SYMBOLS = ["circle", "square", "diamond", "triangle-down", "triangle-up", "star", "cross", "x"];
  const DASHES = ["solid", "dash", "dot", "dashdot", "longdash"];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let printing = false, target = "y", each = false, marks = true, place = 0, timer = null;

  const shown = (kind, key) => !off.has(`${kind}:${key}`);
  const networks = () => data.networks.map((_, n) => n).filter((n) => shown("network", n));
  const layers = () => data.layers.map((_, l) => l).filter((l) => shown("layer", l));
  // Plotly reads a few tags in text, so that names must have none.
  const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const bits = (value) => value.toFixed(3).replace("-", "−");
  const isDark = () => dark.matches && !printing;
  const ink = () => (isDark() ? "#ececec" : "#1c1c1c");
  const grey = () => (isDark() ? "#9a9a9a" : "#666666");
  const tone = (colour) => !isDark() ? colour : "#" + [1, 3, 5].map((at) =>
    Math.round(parseInt(colour.slice(at, at + 2), 16) * 0.6 + 255 * 0.4).toString(16).padStart(2, "0")).join("");
  const faint = (colour, share) => `rgba(${[1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))},${share})`;

  // The axis of epochs: linear up to `data.linear`, logarithmic after it.
  const along = (epoch) => (epoch <= data.linear ? epoch / data.linear : 1 + Math.log10(epoch / data.linear));
  function epochAxis(last, narrow) {
    const all = narrow ? [0, 5, 10, 100, 1e3, 1e4, 1e5] : [0, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 1e4, 1e5];
    const room = (narrow ? 0.13 : 0.07) * along(last);
    const ticks = [...all.filter((e) => e < last && along(last) - along(e) > room), last];
    const end = along(last) || 1;
    return { ...axis(last > data.linear ? "epoch (logarithmic after 10)" : "epoch"), tickvals: ticks.map(along),
      ticktext: ticks.map(String), range: [-0.03 * end, 1.03 * end] };
  }
  const axis = (title) => ({ title: { text: title, font: { size: 12 } }, gridcolor: isDark() ? "#3a3d42" : "#e6e6e6",
    linecolor: grey(), zerolinecolor: grey(), zerolinewidth: 1, automargin: true });
  function layout(div, more) {
    const size = printing ? { width: div.dataset.wide ? 660 : 330 } : {};
    return { autosize: !printing, ...size, height: +div.dataset.height || 280, margin: { l: 45, r: 12, t: 8, b: 40 }, showlegend: false,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink(), family: "system-ui, sans-serif", size: 12 },
      hovermode: "closest", hoverlabel: { align: "left" }, ...more };
  }
  const draw = (div, traces, more) => Plotly.react(div, traces, layout(div, more),
    { displayModeBar: false, responsive: !printing, scrollZoom: false });

  function quantile(sorted, share) {
    const at = share * (sorted.length - 1), low = Math.floor(at);
    return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
  }
  // Of the networks shown, at each epoch: the median, and a band (5 to 95 % of three or more, the range of two, and of
  // one 1.645 of its standard errors, if it has any).
  function summary(curve, layer) {
    const own = curve?.values[layer], there = own ? networks().filter((n) => own[n]) : [];
    return !there.length ? [] : curve.epochs.map((epoch, i) => {
      const known = there.filter((n) => own[n][i] !== null), values = known.map((n) => own[n][i]).sort((a, b) => a - b);
      if (!values.length) return null;
      const middle = quantile(values, 0.5), bar = known.length === 1 ? curve.bars?.[layer]?.[known[0]]?.[i] : null;
      const few = values.length < 3;
      return { epoch, i, middle, count: values.length, isBar: bar != null,
        low: bar != null ? middle - 1.645 * bar : few ? values[0] : quantile(values, 0.05),
        high: bar != null ? middle + 1.645 * bar : few ? values.at(-1) : quantile(values, 0.95) };
    }).filter(Boolean);
  }
  const flagsAt = (curve, layer, i) => Object.entries(curve.flags?.[layer] ?? {})
    .filter(([, runs]) => runs.some(([a, b]) => a <= i && i <= b)).map(([flag]) => flag);

  // What is drawn in the panels of curves: estimators and exact values that are switched on.
  const sources = () => [
    ...data.truths.filter((t) => shown("estimand", t.estimand)).map((t, n) => ({ name: `exact: ${t.words}`, curve: t.curves[target],
      colour: ink(), dash: DASHES[data.truths.indexOf(t) % 5], width: 2 })),
    ...data.estimators.filter((e) => shown("estimator", e.id) && shown("estimand", e.estimand)).map((e) => ({ name: e.id,
      curve: e.curves[target], colour: tone(e.colour), dash: DASHES[e.dashes % 5], width: 1.6 })),
  ].filter((s) => s.curve);

  function traces(source, layer) {
    const { name, curve, colour, dash, width } = source, found = [];
    if (each) {
      for (const n of networks()) {
        const own = curve.values[layer]?.[n];
        if (own) found.push({ x: curve.epochs.map(along), y: own, mode: curve.epochs.length < 15 ? "lines+markers" : "lines", connectgaps: true,
          line: { color: colour, width: 1.2, dash: DASHES[n % 5] }, hoverinfo: "text", text: curve.epochs.map((epoch, i) =>
            own[i] === null ? "" : `${plain(name)}, ${plain(data.networks[n])}<br>epoch ${epoch}: ${bits(own[i])} bits`) });
      }
      return found;
    }
    const points = summary(curve, layer), x = points.map((p) => along(p.epoch));
    if (!points.length) return [];
    const edge = { mode: "lines", line: { width: 0, color: colour }, hoverinfo: "skip", x };
    found.push({ ...edge, y: points.map((p) => p.low) });
    found.push({ ...edge, y: points.map((p) => p.high), fill: "tonexty", fillcolor: faint(colour, 0.16) });
    const flags = points.map((p) => flagsAt(curve, layer, p.i));
    found.push({ x, y: points.map((p) => p.middle), mode: points.length < 15 ? "lines+markers" : "lines", line: { color: colour, width, dash },
      hoverinfo: "text", text: points.map((p, at) => `${plain(name)}<br>epoch ${p.epoch}: ${bits(p.middle)} bits` +
        (p.low < p.high ? `<br>${p.isBar ? "5–95 % by its standard error" : p.count < 3 ? "both networks" : `5–95 % of ${p.count} networks`}: ` +
          `${bits(p.low)} to ${bits(p.high)}` : "") + (flags[at].length ? `<br>flags: ${plain(flags[at].join(", "))}` : "")) });
    const marked = points.map((_, at) => at).filter((at) => flags[at].some((flag) => !MINOR.has(flag)));
    if (marks && marked.length) found.push({ x: marked.map((at) => x[at]), y: marked.map((at) => points[at].middle), mode: "markers",
      hoverinfo: "skip", marker: { symbol: "circle-open", size: 7, color: colour, line: { width: 1.2 } } });
    return found;
  }

  function drawCurves() {
    const drawn = sources(), on = layers(), all = [];
    const limit = target === "y" ? data.ceiling : null;
    for (const s of drawn) for (const l of on) for (const n of networks()) all.push(...(s.curve.values[l]?.[n] ?? []).filter((v) => v !== null));
    if (limit !== null) all.push(limit);
    const low = Math.min(0, ...bounds(all, Math.min)), high = Math.max(0.1, ...bounds(all, Math.max)), room = 0.06 * (high - low);
    const last = Math.max(1, ...drawn.map((s) => s.curve.epochs.at(-1)));
    data.layers.forEach((name, l) => {
      const figure = by(`curve-${l}`), plot = figure.querySelector(".plot");
      figure.hidden = !on.includes(l);
      if (figure.hidden) return;
      const levels = limit === null ? [] : [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: limit, y1: limit, line: { color: grey(), width: 1.2, dash: "dash" } }];
      const own = drawn.flatMap((s) => traces(s, l));
      draw(plot, own, { xaxis: epochAxis(last, true), yaxis: { ...axis("bits"), range: [low - room, high + room] }, shapes: levels });
      plot.setAttribute("aria-label", own.length ? `${name}: ` + drawn.map((s) => spoken(s, l)).filter(Boolean).join("; ")
        : `${name}: nothing that is switched on was measured here`);
    });
    by("band-words").textContent = each ? "One line for each network; the dashes tell networks apart, and so does the value under the pointer."
      : "Line: median of the networks that are switched on. Band: 5 to 95 % of three or more networks, the range of two, and of one ±1.645 of its standard errors if it has any." +
        (marks ? " Rings: flagged; point at the line to see why." : "");
  }
  const bounds = (values, of) => (values.length ? [values.reduce((a, b) => of(a, b))] : []);
  function spoken(source, layer) {
    const points = summary(source.curve, layer), first = points[0], last = points.at(-1);
    return !points.length ? "" : first === last ? `${source.name} ${bits(first.middle)} bits at epoch ${first.epoch}`
      : `${source.name} from ${bits(first.middle)} bits at epoch ${first.epoch} to ${bits(last.middle)} at epoch ${last.epoch}`;
  }

  // The information plane: the path of each layer up to the epoch of the slider.
  const planes = [...data.truths.map((t) => ({ name: `exact values: ${t.words}`, curves: t.curves })),
    ...data.estimators.map((e) => ({ name: `${e.id}: ${e.words}`, curves: e.curves }))].filter((p) => p.curves.x && p.curves.y);
  let plane = planes[0];
  function paths() {
    const y = plane.curves.y, x = plane.curves.x, found = new Map();
    for (const l of layers()) {
      const across = new Map(summary(x, l).map((p) => [p.epoch, p.middle]));
      found.set(l, summary(y, l).filter((p) => across.has(p.epoch)).map((p) => ({ epoch: p.epoch, x: across.get(p.epoch), y: p.middle })));
    }
    return found;
  }
  const stops = () => plane.curves.y.epochs.filter((epoch) => plane.curves.x.epochs.includes(epoch));
  function drawPlane() {
    if (!plane) return;
    const epochs = stops(), epoch = epochs[Math.min(place, epochs.length - 1)], slider = by("epoch");
    slider.max = epochs.length - 1;
    slider.value = Math.min(place, epochs.length - 1);
    slider.setAttribute("aria-valuetext", `epoch ${epoch}`);
    by("epoch-words").textContent = `epoch ${epoch}`;
    const all = paths(), points = [...all.values()].flat(), found = [], body = by("plane-values").tBodies[0];
    body.replaceChildren();
    for (const [l, path] of all) {
      const colour = tone(data.layer_colours[l]), past = path.filter((p) => p.epoch <= epoch), now = past.at(-1);
      if (!now) continue;
      found.push({ x: past.map((p) => p.x), y: past.map((p) => p.y), mode: "lines+markers", showlegend: false, line: { color: colour, width: 1.2 }, marker: { size: 3, color: colour },
        hoverinfo: "text", text: past.map((p) => `${plain(data.layers[l])}, epoch ${p.epoch}<br>X: ${bits(p.x)}, Y: ${bits(p.y)} bits`) });
      found.push({ x: [now.x], y: [now.y], mode: "markers", name: plain(data.layers[l]), showlegend: true, hoverinfo: "skip",
        marker: { size: 12, color: colour, symbol: SYMBOLS[l % SYMBOLS.length], line: { width: 1, color: ink() } } });
      const row = body.insertRow();
      [data.layers[l], bits(now.x), bits(now.y)].forEach((text, at) => { const cell = row.insertCell(); cell.textContent = text; if (at) cell.className = "number"; });
    }
    const range = (key) => { const v = points.map((p) => p[key]), low = Math.min(0, ...bounds(v, Math.min)), high = Math.max(0.1, ...bounds(v, Math.max), key === "y" && data.ceiling || 0);
      return [low - 0.04 * (high - low), high + 0.09 * (high - low)]; };
    const ceiling = data.ceiling === null ? [] : [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: data.ceiling, y1: data.ceiling, line: { color: grey(), width: 1.2, dash: "dash" } }];
    draw(by("plane-plot"), found, { xaxis: { ...axis("bits about the input X"), range: range("x") }, yaxis: { ...axis("bits about the target Y"), range: range("y") }, shapes: ceiling,
      showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom", itemclick: false, itemdoubleclick: false }, margin: { l: 45, r: 12, t: 30, b: 40 } });
    by("plane-plot").setAttribute("aria-label", `Information plane by ${plane.name} at epoch ${epoch}; the table below has the values`);
  }
  function play() {
    const button = by("play"), count = stops().length;
    if (timer !== null) { clearInterval(timer); timer = null; button.textContent = "Play"; return; }
    if (place >= count - 1) place = 0;
    button.textContent = "Pause";
    timer = setInterval(() => {
      if (place >= count - 1) { play(); return; }
      place += 1;
      drawPlane();
    }, Math.max(30, Math.min(400, 8000 / count)));
  }

  function drawLoss() {
    if (!data.loss) return;
    const { epochs } = data.loss, found = [];
    for (const [key, name, colour] of [["train_loss", "training loss", "#0072B2"], ["test_loss", "test loss", "#D55E00"]])
      for (const n of networks()) {
        const own = data.loss[key][n];
        if (own) found.push({ x: epochs.map(along), y: own, mode: epochs.length < 15 ? "lines+markers" : "lines", name, legendgroup: name, showlegend: !found.some((t) => t.name === name),
          line: { color: tone(colour), width: 1.2 }, hoverinfo: "text", text: own.map((v, i) => `${name}, ${plain(data.networks[n])}<br>epoch ${epochs[i]}: ${v}`) });
      }
    draw(by("loss-plot"), found, { xaxis: epochAxis(Math.max(1, epochs.at(-1)), false), yaxis: { ...axis("loss"), type: "log", dtick: 1, exponentformat: "power" }, showlegend: true, legend: { orientation: "h", y: 1.12 } });
  }

  const drawAll = () => { drawPlane(); drawCurves(); drawLoss(); };

  function control(type, words, checked, changed, colour, name) {
    const label = document.createElement("label"), input = document.createElement("input");
    Object.assign(input, { type, checked, name: name ?? "" });
    input.addEventListener("change", () => { changed(input.checked); drawAll(); });
    label.append(input);
    if (colour) { const swatch = document.createElement("span"); swatch.className = "swatch"; swatch.style.background = colour; label.append(swatch); }
    label.append(words);
    return label;
  }
  function group(id, title, items) {
    if (items.length < 2) return;
    const box = document.createElement("fieldset"), legend = document.createElement("legend");
    box.id = id;
    legend.textContent = title;
    box.append(legend, ...items);
    by("switches").append(box);
  }
  const switches = (kind, entries) => entries.map(([key, words, colour]) => control("checkbox", words, shown(kind, key),
    (on) => (on ? off.delete(`${kind}:${key}`) : off.add(`${kind}:${key}`)), colour));

  function start() {
    const estimands = new Map([...data.truths, ...data.estimators].map((each_) => [each_.estimand, each_.words]));
    if (estimands.size > 3 && data.estimators.some((e) => e.estimand === "plain")) for (const key of estimands.keys()) if (key !== "plain") off.add(`estimand:${key}`);
    for (const e of data.estimators) if (e.shuffled) off.add(`estimator:${e.id}`);
    const both = data.estimators.some((e) => e.curves.x) && data.estimators.some((e) => e.curves.y);
    if (!data.estimators.some((e) => e.curves.y)) target = "x";
    if (both) group("about", "Information about", [["y", "the target, I(T;Y)"], ["x", "the input, I(X;T)"]].map(([key, words]) =>
      control("radio", words, target === key, () => { target = key; }, null, "about")));
    group("estimators", "Estimators", switches("estimator", data.estimators.map((e) => [e.id, e.id, e.colour])));
    group("estimands", "Quantities (with their exact values, black)", switches("estimand", [...estimands]));
    group("layers", "Layers", switches("layer", data.layers.map((name, l) => [l, name, data.layer_colours[l]])));
    group("networks", "Networks", switches("network", data.networks.map((name, n) => [n, name])));
    group("show", "Show", [control("radio", "median and band", true, () => { each = false; }, null, "show"),
      control("radio", "each network", false, () => { each = true; }, null, "show"), control("checkbox", "rings on flagged values", true, (on) => { marks = on; })]);
    if (plane) {
      const select = by("plane-source");
      planes.forEach((p, n) => select.append(new Option(p.name, n)));
      select.addEventListener("change", () => { plane = planes[select.value]; place = stops().length - 1; drawPlane(); });
      by("epoch").addEventListener("input", (event) => { place = +event.target.value; drawPlane(); });
      by("play").addEventListener("click", play);
      place = stops().length - 1;
    }
    for (const table of document.querySelectorAll("table.sortable")) sortable(table);
    drawAll();
    dark.addEventListener("change", drawAll);
    addEventListener("beforeprint", () => { printing = true; drawAll(); });
    addEventListener("afterprint", () => { printing = false; drawAll(); });
    document.documentElement.dataset.ready = "yes";
  }
  function sortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, at) => head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down === 1 ? "ascending" : "descending");
      const key = (row) => row.cells[at].dataset.value ?? row.cells[at].textContent;
      const isEmpty = (row) => key(row) === "";
      const rows = [...table.tBodies[0].rows].sort((a, b) => isEmpty(a) - isEmpty(b) || down * (isNaN(key(a)) || isNaN(key(b))
        ? key(a).localeCompare(key(b)) : key(a) - key(b)));
      table.tBodies[0].append(...rows);
    }));
  }
  start();
})();
