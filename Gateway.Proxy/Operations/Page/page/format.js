// Numbers and times as people read them.

export const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

/** How many there are of what: [name, count]. */
export const counted = (pairs) => pairs.map(([name, count]) => `${name} ${whole(count)}`).join(", ");

export const whole = (number) => Math.round(number).toLocaleString("en");

/** One call in a minute is not none. */
export const decimal = (number) => number === null ? "–" : number > 0 && number < 10 ? number.toFixed(number < 0.1 ? 2 : 1) : whole(number);

/** Of calls, in milliseconds. Where there was no call there is no time. */
export const time = (number) => number ? `${decimal(number)}\u00a0ms` : decimal(null);

/** A part of a whole. Few of many are not none. */
export const percent = (part, all) => `${decimal(100 * part / all)}\u00a0%`;

export function clock(time) {
  const at = new Date(time);
  const day = at.toDateString() === new Date().toDateString() ? "" : `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} `;
  return day + at.toLocaleTimeString("en-GB");
}

export const date = (time) => new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });

export function duration(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = Math.max(0, units.findIndex(([, size]) => seconds >= size));
  const [[name, size], next] = [units[seconds < 1 ? 3 : first], units[first + 1]];
  const rest = next && first < 2 ? Math.floor((seconds % size) / next[1]) : 0;
  return `${Math.floor(seconds / size)} ${name}${rest > 0 ? ` ${rest} ${next[0]}` : ""}`;
}
