// What was, for undo and redo. Definitions are never changed in place, so that keeping them costs little.

const KEPT = 200;

export class History {
	constructor(present) {
		this.present = present;
		this.past = [];
		this.future = [];
		this.tag = "";
	}

	// Keep a new state. What is typed into one field, one `tag` after the other, is undone at once.
	push(next, tag = "") {
		if (next === this.present) return;
		if (!tag || tag !== this.tag) this.past.push(this.present);
		if (this.past.length > KEPT) this.past.shift();
		this.tag = tag;
		this.future = [];
		this.present = next;
	}

	undo() {
		if (!this.past.length) return this.present;
		this.future.push(this.present);
		this.tag = "";
		return (this.present = this.past.pop());
	}

	redo() {
		if (!this.future.length) return this.present;
		this.past.push(this.present);
		this.tag = "";
		return (this.present = this.future.pop());
	}
}
