/* step_over: where the bytes fall when a publisher steps over pinned records, cell by cell.
 *
 * Models   one publisher; a reader that reads in order and keeps up to two records pinned, in any order and for any time.
 *          Plan, then place. Plan: the first place at or behind the head where the record and 16 bytes meet no pinned bytes,
 *          within one lap; none: nothing is placed, wait. Place: terminator at the place; one skip from the head to it; the
 *          claimed position; then the record as ever. Every store of the publisher is a step; looks at cursor and pins, and
 *          the reader's steps, are atomic (their order: pins).
 * P1       no store falls on a pinned byte.
 * P2       what the reader finds is a word stored for its position, and the record behind it is whole, also when it lets go.
 * P3       at any time the records can be walked from the tail to the claimed position, and on to an empty word.
 * P4       a claim that finds no place has stored nothing and moved nothing.
 * P5       nobody is blocked for ever (else: invalid end state).
 * Flags    -DN= cells, -DMAXPOS= where the publisher stops, -DRESERVE=1 8 bytes behind a record instead of 16 (enough for
 *          this, as a skip is only its word).
 * Reach    -DREACH_STEP, -DREACH_BEHIND, -DREACH_NO_PLACE, -DREACH_ALL: must fail; a step over, a place behind two pins, a claim
 *          without a place, and one that takes all history with it.
 * Mutants (each must fail)
 *   -DMUTANT_NO_TERM_ROOM    no reserve: the terminator falls on pinned bytes.
 *   -DMUTANT_NO_TERM         no terminator behind the skip.
 *   -DMUTANT_SKIP_FIRST      the skip is stored before its terminator.
 *   -DMUTANT_CLAIMED_FIRST   the claimed position is stored before the skip.
 *   -DMUTANT_GREEDY          no plan: a skip is placed wherever a pin is met; a claim without a place has moved the head.
 *   -DMUTANT_ONE_PASS        each pin is tried once.
 *   -DMUTANT_HEADER_SKIP     a skip of 16 bytes, header and all, with 8 bytes of reserve (-DRESERVE=1).
 */
#ifndef N
#define N 10                    /* at most 11: a length has 4 bits */
#endif
#ifndef MAXPOS
#define MAXPOS 16
#endif
#include "ring_cells.inc"
#define CELLS_OF(w) CELLS(LEN(w))

byte tail = 0, claimed = 0, cursor = 0, reads = 0, numbers = 0;
byte pin_at[2], pin_cells[2];           /* position and extent; 0 cells: none */
bool changed = false, publisher_done = false;

/* ghost: the bytes at position p are stored into */
inline touch(p) {
  d_step {
    k = 0;
    do
    :: k < 2 ->
       assert(pin_cells[k] == 0 || ((p) + N - pin_at[k] % N) % N >= pin_cells[k]);              /* P1 */
       k++
    :: else -> break
    od;
    k = 0
  }
}

inline walk() {
  d_step {
    x = tail;
    do
    :: wrote[x % N] != x -> assert(false)                                                       /* P3 */
    :: wrote[x % N] == x && STATE(cell[x % N]) == EMPTY -> break
    :: else -> x = x + CELLS_OF(cell[x % N])
    od;
    assert(x >= claimed);
    x = 0
  }
}

/* a: start of the first image of pin k that ends behind p */
inline image(k, p) {
  a = 250;
  if
  :: pin_cells[k] > 0 ->
     a = pin_at[k];
     do :: a + pin_cells[k] <= (p) -> a = a + N :: else -> break od
  :: else
  fi
}

inline plan() {
  place = head; k = 0; b = 0;
  do
  :: k == 2 -> break
  :: else ->
     image(k, place);
     if
     :: a < place + extent + RESERVE ->
        place = a + pin_cells[k]; b++;
#if defined(MUTANT_ONE_PASS)
        k++
#elif defined(MUTANT_GREEDY)
        break
#else
        k = 0
#endif
     :: else -> k++
     fi;
     if :: place + extent + RESERVE > head + N -> break :: else fi
  od;
  need = place + extent + RESERVE;
#ifdef REACH_BEHIND
  assert(b < 2 || need > head + N);
#endif
  k = 0; a = 0; b = 0
}

inline refresh() {
  limit = (need > limit -> need : limit);
  limit = (limit < cursor + N -> limit : cursor + N);
  do
  :: tail + N < limit && tail < head -> tail = tail + CELLS_OF(cell[tail % N])
  :: else -> break
  od;
  limit = (limit < tail + N -> limit : tail + N)
}

proctype publisher() {
  byte head = 0, limit = 0, extent, place, need, k, a, b, x, began;
  do
  :: head >= MAXPOS -> break
  :: else ->
     if :: extent = 2 :: extent = 3 fi;
     began = head;
again:
     atomic {
       changed = false;
       plan();
#ifdef REACH_NO_PLACE
       assert(need <= head + N);
#endif
       if
       :: need <= head + N && need > limit -> refresh()
       :: else
       fi;
       if
       :: need > limit -> goto wait     /* no place, or gated */
       :: else
       fi
     };
     if
     :: place > head ->
#ifdef REACH_STEP
        assert(false);
#endif
#ifdef REACH_ALL
        assert(tail < head);
#endif
#ifdef MUTANT_CLAIMED_FIRST
        claimed = place; walk();
#endif
#ifdef MUTANT_SKIP_FIRST
        put_word(head, WORD(SKIP, 2 * (place - head), 0)); walk();
#endif
#ifndef MUTANT_NO_TERM
        touch(place); put_terminator(place); walk();
#endif
        touch(head);
#ifdef MUTANT_HEADER_SKIP
        touch(head + 1);
#endif
        put_word(head, WORD(SKIP, 2 * (place - head), 0)); walk();
        head = place;
        claimed = head
#ifdef MUTANT_GREEDY
        ; goto again
#endif
     :: else
     fi;
     atomic { touch(head + extent); put_terminator(head + extent); walk() };
     atomic { touch(head + 1); put_info(head, numbers) };
     if :: extent > 2 -> atomic { touch(head + 2); put_payload(head, 2 * extent) } :: else fi;
     atomic { touch(head); put_word(head, WORD(COMMITTED, 2 * extent, 0)); numbers++; walk() };
     atomic { head = head + extent; claimed = head; extent = 0; place = 0; need = 0 };
     goto next;
wait:
     assert(head == began);                                                                     /* P4 */
     place = 0; need = 0;
     changed;
     goto again;
next:
     skip
  od;
  publisher_done = true
}

inline whole(k) {
  if
  :: pin_cells[k] > 0 ->
     assert(wrote[pin_at[k] % N] == pin_at[k] && wrote[(pin_at[k] + 1) % N] == OTHER(pin_at[k] + 1));
     assert(pin_cells[k] < 3 || wrote[(pin_at[k] + 2) % N] == OTHER(pin_at[k] + 2))
  :: else
  fi
}

proctype reader() {
  byte w;
  do
  :: atomic {
       STATE(cell[cursor % N]) != EMPTY || (publisher_done && cursor == claimed) ->
       w = cell[cursor % N];
       if
       :: STATE(w) == EMPTY -> break
       :: STATE(w) == SKIP -> check_record(cursor, w, 0)
       :: else ->
          check_record(cursor, w, reads);                                                       /* P2 */
          reads++;
          if
          :: true
          :: pin_cells[0] == 0 -> pin_at[0] = cursor; pin_cells[0] = CELLS_OF(w)
          :: pin_cells[1] == 0 -> pin_at[1] = cursor; pin_cells[1] = CELLS_OF(w)
          fi
       fi;
       cursor = cursor + CELLS_OF(w); changed = true; w = 0
     }
  :: atomic { pin_cells[0] > 0 -> whole(0); pin_cells[0] = 0; pin_at[0] = 0; changed = true }
  :: atomic { pin_cells[1] > 0 -> whole(1); pin_cells[1] = 0; pin_at[1] = 0; changed = true }
  od
}

init {
  atomic { format_ring(); run publisher(); run reader() }
}
