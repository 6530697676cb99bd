/** The widest head of attention: a wider one has no room in the registers of a shader. */
export const MAX_HEAD_SIZE = 256;
