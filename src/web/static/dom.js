// A page is a function from what is known to elements. They are not put in place of the old ones, which would lose the
// focus, the selection and what a reader has scrolled to: the old ones are changed into them.

/** An element. `attributes`: strings; true for one without a value; functions are listeners ("onclick"). */
export function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value === undefined || value === false) continue;
        if (typeof value === 'function') made[name] = value;
        else made.setAttribute(name, value === true ? '' : value);
    }
    made.append(...children.flat(Infinity).filter((child) => child || child === 0));
    return made;
}

const listeners = ['onclick', 'oninput', 'onchange', 'onsubmit'];
/** What their owner fills, and what a reader has typed, chosen or opened, stays. */
const is_owned_elsewhere = (node) => node.dataset?.owner !== undefined;

const same_kind = (before, after) =>
    before.nodeType === after.nodeType && before.nodeName === after.nodeName && before.id === after.id &&
    before.dataset?.key === after.dataset?.key;

function change_attributes(before, after) {
    for (const { name } of [...before.attributes])
        if (!after.hasAttribute(name) && !(name === 'open' && before.nodeName === 'DETAILS'))
            before.removeAttribute(name);
    for (const { name, value } of after.attributes)
        if (before.getAttribute(name) !== value) before.setAttribute(name, value);
    for (const listener of listeners) before[listener] = after[listener];
}

function change(before, after) {
    if (before.nodeType === Node.TEXT_NODE) {
        if (before.data !== after.data) before.data = after.data;
        return;
    }
    change_attributes(before, after);
    if (!is_owned_elsewhere(before)) change_children(before, [...after.childNodes]);
}

/** Changes the children of `parent` into `wanted`. Those with the same data-key stay the same element. */
export function change_children(parent, wanted) {
    const keyed = new Map([...parent.children].filter((child) => child.dataset.key).map((one) => [one.dataset.key, one]));
    let place = parent.firstChild;
    for (const after of wanted) {
        const kept = after.dataset?.key === undefined ? place : keyed.get(after.dataset.key);
        if (kept && same_kind(kept, after)) {
            if (kept === place) place = place.nextSibling;
            else parent.insertBefore(kept, place);
            change(kept, after);
        } else {
            parent.insertBefore(after, place);
        }
    }
    while (place) {
        const next = place.nextSibling;
        place.remove();
        place = next;
    }
}
