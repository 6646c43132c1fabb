/** What is to come: a binary heap by instant, then by order of arrival. */
export class EventQueue {
    heap = [];
    get tasks() {
        return this.heap;
    }
    get next() {
        return this.heap[0];
    }
    push(task) {
        const { heap } = this;
        let index = heap.push(task) - 1;
        while (index > 0) {
            const parent = (index - 1) >> 1;
            if (isBefore(heap[parent], task))
                break;
            heap[index] = heap[parent];
            index = parent;
        }
        heap[index] = task;
    }
    pop() {
        const { heap } = this;
        const first = heap[0];
        const last = heap.pop();
        if (last !== undefined && last !== first)
            this.sink(last);
        return first;
    }
    sink(task) {
        const { heap } = this;
        let index = 0;
        for (;;) {
            let child = 2 * index + 1;
            if (child >= heap.length)
                break;
            if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child]))
                child++;
            if (isBefore(task, heap[child]))
                break;
            heap[index] = heap[child];
            index = child;
        }
        heap[index] = task;
    }
}
function isBefore(one, other) {
    return one.at < other.at || (one.at === other.at && one.sequence < other.sequence);
}
//# sourceMappingURL=event-queue.js.map