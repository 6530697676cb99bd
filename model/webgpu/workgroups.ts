/** Workgroups that a dispatch may have in one dimension on every adapter. */
export const MAX_WORKGROUPS = 65535;

/** A grid of workgroups as [x, y, z]. */
export type Grid = readonly [number, number, number];

/**
 * The grid of a kernel. A plain number is folded into x and y, as even as can be, so that no dimension passes
 * `limit`; the grid may then hold a few more workgroups than asked for. Undefined when there is nothing to do.
 * Throws a RangeError when the grid cannot be dispatched.
 */
export function foldWorkgroups(
  kernel: string,
  workgroups: number | Grid,
  limit: number = MAX_WORKGROUPS,
): Grid | undefined {
  let grid: Grid;
  if (typeof workgroups === "number") {
    const y = Math.ceil(workgroups / limit);
    grid = [y === 0 ? 0 : Math.ceil(workgroups / y), y, 1];
  } else {
    grid = workgroups;
  }
  if (grid.some((count) => !Number.isInteger(count) || count < 0 || count > limit)) {
    throw new RangeError(
      `${kernel}: a grid of ${grid.join(" × ")} workgroups passes ${limit} in a dimension`,
    );
  }
  return grid.includes(0) ? undefined : grid;
}
