/* role_handover: with one publisher, the holder of the role dies and another takes the role over.
 *
 * Models   the first holder may die before each of its stores, with up to two open claims that it finishes in any
 *          order. Once it is known to be dead the successor repairs: from the claimed position over finished words,
 *          taking sequence and claimed position along; there it goes on. What the dead one had claimed and not
 *          finished was never visible and is claimed anew; what it had finished *behind* an open claim was not visible
 *          either and is lost with it. Claims may be preceded by a skip, commits may be short.
 * P1       the reader only ever finds words stored for the position that it stands at.
 * P2       every number is seen once and in order: no hole, no repetition; all are seen in the end (else: invalid end state).
 * P3       the claimed position never passes an open claim.
 * Flags    -DN= cells, -DK= sequences.
 * Reach    -DREACH_WALK, -DREACH_BEHIND: must fail; they show that a successor finds something to walk over, and that a
 *          holder dies with a finished record behind an open claim.
 * Mutants (each must fail)
 *   -DMUTANT_OWN_END         a commit stores the end of its own record as claimed position: the successor begins behind a
 *                            claim that died, and readers wait at it for ever. (P3 is not looked at, so that it is the
 *                            death that shows it.)
 *   -DMUTANT_NO_REPAIR       the successor begins at the claimed position without a look: it claims over a visible record.
 *   -DMUTANT_SEQUENCE_LAST   claimed position before sequence: after a death in between a number repeats.
 *   -DMUTANT_SKIP_AFTER_WORD the skip of a short commit is stored after the word: a death in between leaves a word that
 *                            leads into old bytes.
 *   -DMUTANT_EARLY_SUCCESSOR the role is taken over while its holder is only stalled.
 */
#ifndef K
#define K 3
#endif
#include "ring_cells.inc"

byte claimed = 0, sequence = 1;
byte cursor = 0;
bool dead = false, finished = false;

#define OPEN(i) (size[i] > 0)
#define OLDEST_OPEN (OPEN(0) && (!OPEN(1) || pos[0] < pos[1]) -> pos[0] : (OPEN(1) -> pos[1] : 200))

#ifdef MUTANT_EARLY_SUCCESSOR
#define STEP(store) if :: id == 0 && !dead -> dead = true; store :: store fi
#else
#define STEP(store) if :: id == 0 -> goto died :: store fi
#endif

/* over the contiguous finished prefix; also the repair of a successor */
inline follow_prefix() {
  do
  :: FINISHED(cell[claimed % N]) ->
#ifdef REACH_WALK
     assert(id == 0);
#endif
#ifdef MUTANT_SEQUENCE_LAST
     w = cell[claimed % N];
     STEP(claimed = claimed + CELLS(LEN(w)));
     if :: STATE(w) != SKIP -> STEP(sequence = LEN(cell[(claimed - CELLS(LEN(w)) + 1) % N]) + 1) :: else fi;
#else
     if
     :: STATE(cell[claimed % N]) != SKIP -> STEP(sequence = LEN(cell[(claimed + 1) % N]) + 1)
     :: else
     fi;
     STEP(claimed = claimed + CELLS(LEN(cell[claimed % N])))
#endif
  :: else -> break
  od;
  w = 0
}

inline claim(i, length) {
  atomic { size[i] = length; pos[i] = head; num[i] = given + 1; given++; head = head + CELLS(length) };
  STEP(put_terminator(head));
  STEP(put_info(pos[i], num[i]))
}

inline step_over() {
  STEP(put_terminator(head + 1));
  STEP(put_word(head, WORD(SKIP, 2, 0)));
  head = head + 1;
#ifdef MUTANT_OWN_END
  claimed = head;
#else
  follow_prefix()
#endif
}

inline short_commit(i, used) {
#ifndef MUTANT_SKIP_AFTER_WORD
  STEP(put_word(pos[i] + CELLS(used), WORD(SKIP, 2 * (CELLS(size[i]) - CELLS(used)), 0)));
#endif
  STEP(put_word(pos[i], WORD(COMMITTED, used, 0)));
#ifdef MUTANT_SKIP_AFTER_WORD
  STEP(put_word(pos[i] + CELLS(used), WORD(SKIP, 2 * (CELLS(size[i]) - CELLS(used)), 0)));
#endif
}

inline finish(i) {
  STEP(put_payload(pos[i], size[i]));
  if
  :: STEP(put_word(pos[i], WORD(COMMITTED, size[i], 0)))
  :: CELLS(size[i]) > 2 -> short_commit(i, 4)
  fi;
#ifdef MUTANT_OWN_END
  if
  :: pos[i] + CELLS(size[i]) > claimed ->
     STEP(sequence = num[i] + 1);
     STEP(claimed = pos[i] + CELLS(size[i]))
  :: else
  fi;
  atomic { size[i] = 0; pos[i] = 0; num[i] = 0 }
#else
  atomic { size[i] = 0; pos[i] = 0; num[i] = 0 };
  follow_prefix();
  assert(claimed <= OLDEST_OPEN)                                /* P3 */
#endif
}

proctype publisher(byte id) {
  byte head = 0, given = 0;
  byte pos[2], size[2], num[2];
  byte length, w;
  if
  :: id == 0
  :: id == 1 ->
     dead || finished;
     if :: !dead -> goto out :: else fi;
#ifndef MUTANT_NO_REPAIR
     follow_prefix();
#endif
     atomic { head = claimed; given = sequence - 1 }
  fi;
  do
  :: given < K && (!OPEN(0) || !OPEN(1)) ->
     if :: length = 4 :: length = 7 fi;
     if
     :: head + CELLS(length) + RESERVE <= cursor + N ->
        if
        :: !OPEN(0) && !OPEN(1) && head + 1 + CELLS(length) + RESERVE <= cursor + N -> step_over()
        :: true
        fi;
        if :: !OPEN(0) -> claim(0, length) :: else -> claim(1, length) fi
     :: else ->
        if
        :: OPEN(0) || OPEN(1)
        :: else -> (head + CELLS(length) + RESERVE <= cursor + N)
        fi
     fi;
     length = 0
  :: OPEN(0) -> finish(0)
  :: OPEN(1) -> finish(1)
  :: given == K && !OPEN(0) && !OPEN(1) -> break
  od;
  finished = true;
  goto out;
died:
#ifdef REACH_BEHIND
  assert(!(OPEN(0) && !OPEN(1) && pos[0] + CELLS(size[0]) < head && FINISHED(cell[(pos[0] + CELLS(size[0])) % N])));
#endif
  atomic { dead = true; head = 0; given = 0; length = 0; w = 0;
           pos[0] = 0; size[0] = 0; num[0] = 0; pos[1] = 0; size[1] = 0; num[1] = 0 };
out:
  skip
}

proctype reader() {
  byte expected = 1, w;
  do
  :: atomic { FINISHED(cell[cursor % N]) -> w = cell[cursor % N] };
     check_record(cursor, w, expected);
     check_record(cursor, w, expected);
     if :: STATE(w) != SKIP -> expected++ :: else fi;
     cursor = cursor + CELLS(LEN(w));
     w = 0
  :: expected == K + 1 && finished && cursor == claimed -> break
  od
}

init {
  atomic {
    format_ring();
    run publisher(0);
    run publisher(1);
    run reader()
  }
}
