/** Workgroups that a dispatch may have in one dimension on every adapter. */
export const MAX_WORKGROUPS = 65535;

/** A grid of workgroups as [x, y, z]. */
export type Grid = readonly [number, number, number];

/**
 * The grid of a kernel. A plain number is folded into x and y, as even as can be, so that no dimension passes
 * {@linkcode MAX_WORKGROUPS}; the grid may then hold a few more workgroups than asked for. Undefined when there is nothing to do.
 * Throws a RangeError when the grid cannot be dispatched.
 */
export function foldWorkgroups(kernel: string, workgroups: number | Grid): Grid | undefined {
  let grid: Grid;
  if (typeof workgroups === "number") {
    const y = Math.ceil(workgroups / MAX_WORKGROUPS);
    grid = [y === 0 ? 0 : Math.ceil(workgroups / y), y, 1];
  } else {
    grid = workgroups;
  }
  if (grid.some((count) => !Number.isInteger(count) || count < 0 || count > MAX_WORKGROUPS)) {
    throw new RangeError(
      `${kernel}: a grid of ${grid.join(" × ")} workgroups passes ${MAX_WORKGROUPS} in a dimension`,
    );
  }
  return grid.includes(0) ? undefined : grid;
}
