// Building elements. Data only ever becomes text, so nothing that a DAG's author writes can become markup.

/** Return an element: properties that start with `on` are listeners, `class` is the class, the rest are attributes. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Put new children into an element, keeping its scroll position. */
export function fill(element, ...children) {
  const { scrollTop, scrollLeft } = element;
  element.replaceChildren(...children.flat(Infinity).filter(Boolean));
  element.scrollTop = scrollTop;
  element.scrollLeft = scrollLeft;
}

let hideTimer = 0;

/** Say something for a few seconds at the foot of the page. */
export function say(text, isError = false) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.classList.toggle("bad", isError);
  toast.hidden = false;
  clearTimeout(hideTimer);
  hideTimer = setTimeout(() => { toast.hidden = true; }, isError ? 8000 : 3000);
}
