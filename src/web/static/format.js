// Figures as people read them.
import { language, text } from './texts.js';

const wei_per_coin = 10n ** 18n;

/** Decimal wei as coins: "34", "0.0125"; at most four digits after the point, never rounded up. */
export function coins(wei) {
    if (wei === undefined) return text('unknown');
    const value = BigInt(wei);
    const whole = (value / wei_per_coin).toLocaleString(language());
    const rest = (value % wei_per_coin).toString().padStart(18, '0').slice(0, 4).replace(/0+$/, '');
    return rest === '' ? whole : `${whole}.${rest}`;
}

export const emt = (wei) => `${coins(wei)} EMT`;

/** "2 h 05 min", "42 s"; the two largest units. Negative ones as what they are in amount. */
export function duration(seconds) {
    const left = Math.abs(Math.round(seconds));
    const units = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]];
    const largest = units.findIndex(([, size]) => left >= size);
    if (largest < 0) return `0 ${text('second')}`;
    const [unit, size] = units[largest];
    const first = `${Math.floor(left / size)} ${text(unit)}`;
    if (largest === units.length - 1) return first;
    const [next_unit, next_size] = units[largest + 1];
    const second = Math.floor((left % size) / next_size);
    return second === 0 ? first : `${first} ${second} ${text(next_unit)}`;
}

export function bytes(count) {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    const power = Math.min(units.length - 1, count > 0 ? Math.floor(Math.log2(count) / 10) : 0);
    const value = count / 1024 ** power;
    return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

export const number = (value, digits = 0) =>
    value.toLocaleString(language(), { maximumFractionDigits: digits, minimumFractionDigits: digits });

/** A share of one; never as if it were certain. */
export function percent(share) {
    if (share > 0.99) return '> 99 %';
    return share < 0.01 ? '< 1 %' : `${number(100 * share)} %`;
}

/** An id as it fits into a line; its whole text is its title. */
export const short = (id) => `${id.slice(0, 10)}…`;

/** Of the reader's own time zone. */
export function moment(unix_ms, with_day = true) {
    const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false };
    if (with_day) Object.assign(options, { year: 'numeric', month: '2-digit', day: '2-digit' });
    return new Date(unix_ms).toLocaleString(language() === 'ja' ? 'ja-JP' : 'sv-SE', options);
}
