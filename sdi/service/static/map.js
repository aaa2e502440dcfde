// The maps of the pages. Each is drawn by Leaflet from the same address as the page, asked for as JSON; what lies around
// follows the view. Without this script, or without Leaflet, the drawing in the page stays.
// Whatever comes from data is put into the page as text, never as markup.

const MOST = 500;
const CLOSEST = 20;
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

async function read(address, signal) {
  const answer = await fetch(address, { headers: { Accept: "application/geo+json, application/json" }, signal });
  if (!answer.ok) throw new Error(`${answer.status} ${address}`);
  return answer.json();
}

/** Return the features of a page or of one item; of one collection or a list of them, their boxes. */
function featuresOf(body) {
  if (body.type === "Feature") return [body];
  return body.features ?? (body.collections ?? [body]).flatMap(boxOf);
}

function boxOf(collection) {
  const box = collection.extent?.spatial?.bbox?.[0];
  if (!box) return [];
  const [west, south, east, north] = box;
  const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  const geometry = { type: "Polygon", coordinates: [ring] };
  return [{ type: "Feature", id: collection.id, geometry, properties: { name: collection.title } }];
}

function nameOf(feature, language) {
  const said = feature.properties ?? {};
  return String((language === "en" && said.name_en) || said.name || said.name_en || feature.id);
}

/** Return the link to the page of a feature, with its name as text. */
function door(feature, said) {
  const address = new URL(said.below, location.href);
  address.pathname += `/${encodeURIComponent(feature.id)}`;
  address.searchParams.set("f", "html");
  const link = document.createElement("a");
  link.href = address.href;
  link.textContent = nameOf(feature, said.language);
  return link;
}

function listed(features, said) {
  const list = document.createElement("ul");
  list.className = "plain";
  for (const feature of features) {
    const entry = document.createElement("li");
    entry.append(door(feature, said));
    list.append(entry);
  }
  return list;
}

function layerOf(features, said, look) {
  const kinds = { Point: "point", MultiPoint: "point", LineString: "line", MultiLineString: "line" };
  const classed = (feature) => `${kinds[feature.geometry.type] ?? "area"} ${look}`;
  return L.geoJSON(features.filter((feature) => feature.geometry), {
    style: (feature) => ({ className: classed(feature), weight: 1.5, fillOpacity: 0.5 }),
    pointToLayer: (feature, at) => L.circleMarker(at, { radius: 5, className: classed(feature) }),
    onEachFeature: (feature, layer) => said.overlap || layer.bindPopup(() => door(feature, said)),
  });
}

/** Draw what lies in view, and again whenever the view changes; of too many, none: a part of them would mislead. */
function follow(map, said, shown, tell, overview) {
  let layer;
  let asked;
  async function draw() {
    asked?.abort();
    asked = new AbortController();
    const view = map.getBounds();
    const edges = [
      Math.max(-180, view.getWest()), Math.max(-90, view.getSouth()),
      Math.min(180, view.getEast()), Math.min(90, view.getNorth()),
    ];
    const address = new URL(said.around, location.href);
    address.searchParams.set("bbox", edges.map((edge) => edge.toFixed(6)).join(","));
    address.searchParams.set("limit", MOST);
    try {
      const body = await read(address, asked.signal);
      const isWhole = body.numberReturned === body.numberMatched;
      const found = isWhole ? body.features.filter((feature) => !shown.has(feature.id)) : [];
      layer?.remove();
      layer = layerOf(found, said, said.source ? "faint" : "").addTo(map);
      layer.bringToBack();
      if (isWhole) overview?.remove();
      else overview?.addTo(map);
      tell(body.numberReturned, body.numberMatched);
    } catch (error) {
      if (error.name === "AbortError") return;
      console.warn(error.message);
      overview?.addTo(map);
    }
  }
  map.on("moveend", draw);
  return draw();
}

function teller(figure, said) {
  const line = document.createElement("p");
  line.className = "small";
  line.setAttribute("role", "status");
  figure.append(line);
  const written = (number) => number.toLocaleString(said.language);
  return (returned, matched) => {
    line.textContent = (returned < matched ? said.some : said.every).replace("{matched}", written(matched));
  };
}

function ground(figure, said) {
  const made = document.createElement("div");
  made.className = "ground";
  made.setAttribute("role", "region");
  made.setAttribute("aria-label", `${said.label} ${said.keys}`);
  const drawing = figure.querySelector("svg");
  drawing.replaceWith(made);
  const map = L.map(made, {
    attributionControl: false, zoomControl: false, scrollWheelZoom: false, maxZoom: CLOSEST,
    zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still,
  });
  L.control.zoom({ zoomInTitle: said.zoomin, zoomOutTitle: said.zoomout }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  // A page that is scrolled past shall not be held up by its map.
  map.on("focus", () => map.scrollWheelZoom.enable()).on("blur", () => map.scrollWheelZoom.disable());
  return { map, drawing };
}

function boundsOf(text) {
  const [west, south, east, north] = text.split(",").map(Number);
  return L.latLngBounds([[south, west], [north, east]]);
}

async function show(figure) {
  const said = figure.dataset;
  const features = said.source ? featuresOf(await read(said.source)) : [];
  const layer = layerOf(features, said, said.around ? "chosen" : "");
  const bounds = layer.getBounds().isValid() ? layer.getBounds() : boundsOf(said.extent ?? said.drawn);
  const { map, drawing } = ground(figure, said);
  map.fitBounds(bounds, { padding: [12, 12], maxZoom: CLOSEST - 1, animate: false });
  map.setMaxBounds(bounds.pad(4));
  layer.addTo(map);
  if (said.overlap) {
    map.on("click", ({ latlng }) => {
      const here = layer.getLayers().filter((one) => one.getBounds().contains(latlng));
      if (here.length) map.openPopup(listed(here.map((one) => one.feature), said), latlng);
    });
  }
  if (said.around) {
    const overview = said.source ? undefined : L.svgOverlay(drawing, boundsOf(said.drawn));
    const shown = new Set(features.map((feature) => feature.id));
    await follow(map, said, shown, teller(figure, said), overview);
  }
  figure.dataset.ready = "";
}

if (window.L) {
  for (const figure of document.querySelectorAll("figure[data-map]")) {
    show(figure).catch((error) => console.warn(error.message));
  }
}
