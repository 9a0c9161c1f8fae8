// The page of a network, or of one of its servers by itself: what is known, and how it is shown.
import { connect } from './connection.js';
import { change_children, element } from './dom.js';
import { moment } from './format.js';
import { language_button, show_frame, skip_to_main } from './frame.js';
import { network_page, parts_of, server_page, title_of } from './network_pages.js';
import { text } from './texts.js';

/** All that is known. */
const network = { snapshot: undefined, connected: undefined };

function navigation() {
    const links = parts_of(network.snapshot).map((part) =>
        element('li', {}, element('a', { href: `#${part}` }, text(part))));
    return element('nav', { 'aria-label': text('sections') }, element('ul', {}, links));
}

function content() {
    const { snapshot, connected } = network;
    if (!snapshot)
        return [element('p', { class: 'empty' }, text(connected === false ? 'server_never_seen' : 'asking_server'))];
    return parts_of(snapshot).length > 0 ? network_page(network) : server_page(network);
}

function show() {
    document.title = `${title_of(network.snapshot)} · emeth`;
    change_children(document.getElementById('header'), [
        element('a', { href: '/', class: 'brand' }, 'emeth'), navigation(), language_button(show)]);
    change_children(document.getElementById('main'), content());
    change_children(document.getElementById('footer'), network.snapshot
        ? [element('span', {}, `${text('as_of')} ${moment(network.snapshot.at * 1_000)}`)] : []);
    show_frame(network, { away: text('server_away'), never_seen: text('server_never_seen') });
}

function on_snapshot(snapshot) {
    network.snapshot = snapshot;
    show();
}

function on_change(is_connected) {
    const was_away = network.connected === false;
    network.connected = is_connected;
    if (is_connected && was_away) document.getElementById('announcement').textContent = text('server_back');
    show();
}

skip_to_main();
show();
connect('/api/v1/network/events', on_snapshot, on_change);
