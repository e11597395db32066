// Elements and times

const $ = (id) => document.getElementById(id);
const read = (id) => JSON.parse($(id).textContent);
const data = read("data");
const drawings = read("drawings");
const now = Date.parse(data.at);

/** An element. Strings become text, never markup; null and false are left out. */
function make(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}
function draw(name, attributes, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}
function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== false && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((each) => each !== null && each !== false && each !== undefined && each !== ""));
  return element;
}

const moment = (at) => at.slice(0, 16).replace("T", " ");
const time = (at) => make("time", { datetime: at }, moment(at));
const precisely = (at) => make("time", { datetime: at }, at.slice(0, 19).replace("T", " "));
function length(ms) {
  let seconds = Math.max(0, ms / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  for (const [unit, size, below, part] of [["d", 86400, "h", 3600], ["h", 3600, "m", 60], ["m", 60, "s", 1]]) {
    if (seconds < size) continue;
    const rest = Math.floor((seconds % size) / part);
    return `${Math.floor(seconds / size)} ${unit}` + (rest ? ` ${rest} ${below}` : "");
  }
  return `${Math.round(seconds)} s`;
}
const plural = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
