/* claim_many: claim and commit with SEVERAL publishers.
 *
 * Models   the claim under the ring's mutex in the order that the code keeps: own slot's oldest open claim (if none was
 *          open); type and sequence; terminator behind the record; word = claimed; sequence; claimed position; mutex
 *          given back. Outside of the mutex: payload, word = committed or aborted (a short commit stores the skip for
 *          the rest first), the slot's oldest open claim. A publisher without room gives the mutex back, waits and
 *          starts over; it does not wait where its own open claim is in the way. Nobody dies here (repair.pml).
 * P1       a reader only ever finds words stored for the position that it stands at, and its record stays intact until
 *          it moves its cursor.
 * P2       every number is seen once and in order, and all are seen in the end (else: invalid end state).
 * P3       nobody stores into an open claim but its owner (-DTAP: no seat gates, only the open claims do).
 * P4       no publisher is blocked for ever (else: invalid end state).
 * Flags    -DN= cells, -DK= sequences, -DCLAIMS= open claims a publisher (1 or 2), -DTAP no reliable seat.
 * Reach    -DREACH_FULL, -DREACH_LATE: must fail; they show that the ring gets exactly full, and that a record is
 *          committed by one publisher behind an open claim of the other.
 * Mutants (each must fail)
 *   -DMUTANT_TERM_AT_COMMIT  the terminator is stored by the commit, not by the claim: it wipes out a later record.
 *   -DMUTANT_NO_TERM         no terminator: bytes of the lap before are taken for a word.
 *   -DMUTANT_NO_TERM_ROOM    the 16 free bytes are no part of the claim: the terminator falls on a record in use.
 *   -DMUTANT_SKIP_AFTER_WORD the skip of a short commit is stored after the word: a reader walks into payload bytes.
 *   -DCLAIMS=2 -DMUTANT_WAIT_IN_MUTEX  room is waited for with the mutex held: a fellow with an open claim, that wants
 *                            to claim once more before it commits, and the waiter wait for one another.
 *   -DCLAIMS=2 -DMUTANT_WAIT_WITH_CLAIM  a publisher waits for room although it holds an open claim: it waits for itself.
 *   -DTAP -DMUTANT_NO_OPEN_GATE  open claims do not gate: fellows lap an open claim, its owner writes into theirs.
 */
#include "ring_cells.inc"
#ifndef CLAIMS
#define CLAIMS 1
#endif

byte claimed = 0, sequence = 1;
byte mutex = 0;                         /* 0 or owner + 1 */
byte cursor = 0;
byte open_claim[2];                     /* of each slot: position of its oldest open claim + 1, or 0 */
byte publishers_done = 0;

#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define SLOT_GATE(s) (open_claim[s] > 0 -> open_claim[s] - 1 : 200)
#ifdef TAP
#define SEATS_GATE 200
#else
#define SEATS_GATE cursor
#endif
#ifdef MUTANT_NO_OPEN_GATE
#define GATE SEATS_GATE
#else
#define OPEN_GATE MIN(SLOT_GATE(0), SLOT_GATE(1))
#define GATE MIN(SEATS_GATE, OPEN_GATE)
#endif

#define OPEN(i) (size[i] > 0)
#if CLAIMS == 2
#define ANY_OPEN (OPEN(0) || OPEN(1))
#define ALL_OPEN (OPEN(0) && OPEN(1))
/* what the slot shows: the oldest of what is still open */
#define OLDEST (OPEN(0) && (!OPEN(1) || pos[0] < pos[1]) -> pos[0] + 1 : (OPEN(1) -> pos[1] + 1 : 0))
#else
#define ANY_OPEN OPEN(0)
#define ALL_OPEN OPEN(0)
#define OLDEST (OPEN(0) -> pos[0] + 1 : 0)
#endif

inline claim(i, length) {               /* mutex held, room is there */
  d_step { size[i] = length; pos[i] = claimed };
  if :: open_claim[id] == 0 -> open_claim[id] = pos[i] + 1 :: else fi;
  put_info(pos[i], sequence);
#if !defined(MUTANT_TERM_AT_COMMIT) && !defined(MUTANT_NO_TERM)
  put_terminator(pos[i] + CELLS(length));
#endif
  put_word(pos[i], WORD(CLAIMED, length, id));
  sequence++;
  claimed = pos[i] + CELLS(length)
}

inline short_commit(i, used) {
#ifndef MUTANT_SKIP_AFTER_WORD
  put_word(pos[i] + CELLS(used), WORD(SKIP, 2 * (CELLS(size[i]) - CELLS(used)), id));
#endif
  put_word(pos[i], WORD(COMMITTED, used, id));
#ifdef MUTANT_SKIP_AFTER_WORD
  put_word(pos[i] + CELLS(used), WORD(SKIP, 2 * (CELLS(size[i]) - CELLS(used)), id));
#endif
}

inline finish(i) {
  put_payload(pos[i], size[i]);
  assert(cell[pos[i] % N] == WORD(CLAIMED, size[i], id) && wrote[pos[i] % N] == pos[i]);        /* P3 */
#ifdef REACH_LATE
  assert(open_claim[1 - id] == 0 || open_claim[1 - id] > pos[i]);
#endif
#ifdef MUTANT_TERM_AT_COMMIT
  put_terminator(pos[i] + CELLS(size[i]));
#endif
  if
  :: put_word(pos[i], WORD(COMMITTED, size[i], id))
  :: put_word(pos[i], WORD(ABORTED, size[i], id))
  :: CELLS(size[i]) > 2 -> short_commit(i, 4)
  :: CELLS(size[i]) > 3 -> short_commit(i, 5)
  fi;
  d_step { size[i] = 0; pos[i] = 0 };
  open_claim[id] = OLDEST
}

proctype publisher(byte id) {
  byte pos[CLAIMS], size[CLAIMS];
  byte length, gate, seen;
  do
  :: !ALL_OPEN && sequence <= K ->
     if :: length = 4 :: length = 5 :: length = 7 fi;
start_over:
     atomic { mutex == 0 -> mutex = id + 1 };
     if
     :: sequence > K -> mutex = 0
     :: else ->
#ifdef MUTANT_WAIT_IN_MUTEX
        if
        :: claimed + CELLS(length) + RESERVE > GATE + N && !ANY_OPEN ->
           (claimed + CELLS(length) + RESERVE <= GATE + N)
        :: else
        fi;
#endif
        gate = GATE;
        if
        :: claimed + CELLS(length) + RESERVE <= gate + N ->
#ifdef REACH_FULL
           assert(claimed + CELLS(length) + RESERVE < gate + N);
#endif
#if CLAIMS == 2
           if :: !OPEN(0) -> claim(0, length) :: else -> claim(1, length) fi;
#else
           claim(0, length);
#endif
           mutex = 0
        :: else ->
           seen = claimed;
           mutex = 0;
           /* From here on only a cursor, or a claim that is finished, rings: a fellow's claim does not. */
#if defined(MUTANT_WAIT_WITH_CLAIM)
           if
           :: true ->
#else
           if
           :: ANY_OPEN && seen + CELLS(length) + RESERVE > OLDEST - 1 + N ->
              skip                              /* its own claim is in the way: an outcome, not a wait */
           :: !ANY_OPEN || seen + CELLS(length) + RESERVE <= OLDEST - 1 + N ->
#endif
              (GATE != gate || sequence > K); gate = 0; seen = 0; goto start_over
           fi
        fi
     fi;
     gate = 0; seen = 0; length = 0
  :: OPEN(0) -> finish(0)
#if CLAIMS == 2
  :: OPEN(1) -> finish(1)
#endif
  :: sequence > K && !ANY_OPEN -> break
  od;
  publishers_done++
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
  :: expected == K + 1 && publishers_done == 2 && cursor == claimed -> break
  od
}

init {
  atomic {
    format_ring();
    run publisher(0);
    run publisher(1);
#ifndef TAP
    run reader()
#endif
  }
}
