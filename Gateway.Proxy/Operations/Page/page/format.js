// Numbers and times as people read them.

export const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

export const whole = (number) => Math.round(number).toLocaleString("en");

export const decimal = (number) => number === null ? "–" : number > 0 && number < 10 ? number.toFixed(1) : whole(number);

export function clock(time) {
  const at = new Date(time);
  const day = at.toDateString() === new Date().toDateString() ? "" : `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} `;
  return day + at.toLocaleTimeString("en-GB");
}

export function duration(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = Math.max(0, units.findIndex(([, size]) => seconds >= size));
  const [[name, size], next] = [units[seconds < 1 ? 3 : first], units[first + 1]];
  const rest = next && first < 2 ? Math.floor((seconds % size) / next[1]) : 0;
  return `${Math.floor(seconds / size)} ${name}${rest > 0 ? ` ${rest} ${next[0]}` : ""}`;
}
